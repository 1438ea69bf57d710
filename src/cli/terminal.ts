import pc from 'picocolors';

/** Where a command writes, and what that place can show. */
export interface Terminal {
  readonly interactive: boolean;
  /** Characters of a line; progress is cut to it. */
  readonly columns: number;
  /** Results, for people or programs. */
  write(text: string): void;
  /** What is said besides: progress, warnings, errors. */
  tell(text: string): void;
  paint(text: string, style: Style): string;
}

export type Style = 'good' | 'warn' | 'bad' | 'dim' | 'bold';

/** The process's own terminal. Colours only where a person looks, and never with NO_COLOR (no-color.org). */
export function processTerminal(): Terminal {
  const coloured = process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === '';
  const colours = pc.createColors(coloured && process.env.TERM !== 'dumb');
  const painters: Record<Style, (text: string) => string> = {
    good: colours.green,
    warn: colours.yellow,
    bad: colours.red,
    dim: colours.dim,
    bold: colours.bold,
  };
  return {
    interactive: process.stderr.isTTY === true && process.env.TERM !== 'dumb',
    columns: process.stderr.columns ?? 80,
    write: (text) => void process.stdout.write(text),
    tell: (text) => void process.stderr.write(text),
    paint: (text, style) => painters[style](text),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text from elsewhere on one line, without anything that could steer a terminal or reverse what is read. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, ' ');
}
