/** Where something stands in a document: keys and list positions from the root down. */
export type DocumentPath = readonly (string | number)[];

/** As a person writes it: `spec.topology.links[2].cost`. Keys that are no plain words are quoted. */
export function formatPath(path: DocumentPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!PLAIN_KEY.test(step)) return `${text}[${quote(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** The inverse of `formatPath`; null for what it never writes. */
export function parsePath(text: string): DocumentPath | null {
  const path: (string | number)[] = [];
  let rest = text;
  while (rest !== '') {
    const match = STEP.exec(rest);
    if (match === null) return null;
    const { key, index, quoted } = match.groups ?? {};
    if (key !== undefined) path.push(key);
    else if (index !== undefined) path.push(Number(index));
    else path.push(unquote(quoted ?? '""'));
    rest = rest.slice(match[0].length);
  }
  return path;
}

/** A user's text as it may stand in a message: on one line, without control characters, not too long. */
export function quote(text: string): string {
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  return escapeControls(JSON.stringify(cut));
}

/** Control characters could rewrite a terminal's line; other invisible ones could hide what is meant. */
export function escapeControls(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
const STEP =
  /^(?:\.?(?<key>[A-Za-z_][A-Za-z0-9_-]*)|\[(?<index>\d{1,9})\]|\[(?<quoted>"(?:[^"\\]|\\.)*")\])/u;
const MAX_QUOTED = 64;

function unquote(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}
