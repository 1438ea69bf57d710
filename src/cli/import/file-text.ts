import { isUtf8 } from 'node:buffer';
import { quote } from '../../model/document-path.ts';
import type { Checked } from '../../model/problem.ts';

export interface FileText {
  readonly text: string;
  /** What had to be guessed, as a sentence for a person; null when nothing. */
  readonly note: string | null;
}

/**
 * A graph file's bytes as text: in the encoding that its XML declaration or byte order mark says (XML 1.0,
 * section 4.3.3), else UTF-8, else Windows-1252, a superset of the Latin-1 that older tools write.
 */
export function decodeFileText(bytes: Uint8Array): Checked<FileText> {
  const marked = markedEncoding(bytes);
  const declared = marked ?? declaredEncoding(bytes);
  if (declared !== null) return decodeAs(bytes, declared);
  if (isUtf8(bytes)) return decodeAs(bytes, 'utf-8');
  const note = 'the file is not valid UTF-8 and was read as Latin-1';
  return { ok: true, value: { text: new TextDecoder('windows-1252').decode(bytes), note } };
}

/** What real files have. Others of TextDecoder's encodings are stateful or could hide what is read. */
const ENCODINGS = ['utf-8', 'us-ascii', 'iso-8859-1', 'iso-8859-15', 'windows-1252', 'utf-16le', 'utf-16be'];

/** TextDecoder leaves a byte order mark away. */
function decodeAs(bytes: Uint8Array, encoding: string): Checked<FileText> {
  if (!ENCODINGS.includes(encoding)) {
    const message = `the file says that its encoding is ${quote(encoding)}`;
    return refuse('unknown-encoding', message, `one of ${ENCODINGS.join(', ')} can be read`);
  }
  try {
    return {
      ok: true,
      value: { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), note: null },
    };
  } catch {
    return refuse('invalid-encoding', `the file is not valid ${encoding}`, 'convert it to UTF-8');
  }
}

function markedEncoding(bytes: Uint8Array): string | null {
  const [first, second, third] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return first === 0xef && second === 0xbb && third === 0xbf ? 'utf-8' : null;
}

function declaredEncoding(bytes: Uint8Array): string | null {
  const head = new TextDecoder('windows-1252').decode(bytes.subarray(0, 256));
  const encoding = /^<\?xml\s[^>]*?\bencoding\s*=\s*["']([^"']*)["']/.exec(head)?.[1]?.toLowerCase();
  return encoding === 'utf8' ? 'utf-8' : (encoding ?? null);
}

function refuse(code: string, message: string, hint: string): Checked<never> {
  return { ok: false, problems: [{ code, path: '', message, hint }] };
}
