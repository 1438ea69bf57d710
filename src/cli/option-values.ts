import { InvalidArgumentError } from 'commander';

/** Readers of option values for commander, which answers their failures as wrong usage. */

export function readWholeNumber(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `500ms`, `120s`, `2m`, `1h` as milliseconds. */
export function readDurationMs(text: string): number {
  const parts = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h)$/.exec(text);
  if (parts === null) throw new InvalidArgumentError('Write it with its unit, such as 90s or 2m.');
  return Number(parts[1]) * UNIT_MS[parts[2] as keyof typeof UNIT_MS];
}

/** A quantity with its unit, passed on as it is written. */
export function readUnit(pattern: RegExp, example: string): (text: string) => string {
  return (text) => {
    if (pattern.test(text)) return text;
    throw new InvalidArgumentError(`Write it with its unit, such as ${example}.`);
  };
}

/** `OVERLAY/ROUTER`. */
export function readRouterPath(text: string): { overlay: string; router: string } {
  const [overlay = '', router = '', ...rest] = text.split('/');
  if (overlay === '' || router === '' || rest.length > 0) {
    throw new InvalidArgumentError('Write OVERLAY/ROUTER, such as ring/r1.');
  }
  return { overlay, router };
}

/** `OVERLAY/MEMBER`, a router or host. */
export function readMemberPath(text: string): { overlay: string; member: string } {
  const { overlay, router } = readRouterPath(text);
  return { overlay, member: router };
}

/** For options that may be repeated. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
