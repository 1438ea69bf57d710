import { printable, type Terminal } from './terminal.ts';

/** What is told while something takes its time. */
export interface Progress {
  /** The present state in one line; call it as often as it may have changed. */
  update(text: string): void;
  /** Ends the live line; what is told next stands in its place. */
  finish(): void;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const QUIET_MS = 2000;

/**
 * One live line with a spinner and the seconds since the start where a person looks; elsewhere a line without
 * control codes whenever the state changed, but none sooner than 2 s after the last.
 */
export function createProgress(terminal: Terminal, now: () => number = Date.now): Progress {
  const startedAt = now();
  return terminal.interactive ? liveLine(terminal, startedAt, now) : plainLines(terminal, startedAt, now);
}

function liveLine(terminal: Terminal, startedAt: number, now: () => number): Progress {
  let shown = false;
  return {
    update(text) {
      const elapsedMs = now() - startedAt;
      const frame = FRAMES[Math.floor(elapsedMs / 100) % FRAMES.length] ?? '';
      const line = `${frame} ${printable(text)}  ${seconds(elapsedMs)}`;
      terminal.tell(`\r\u001b[2K${line.slice(0, Math.max(20, terminal.columns - 1))}`);
      shown = true;
    },
    finish() {
      if (shown) terminal.tell('\r\u001b[2K');
      shown = false;
    },
  };
}

function plainLines(terminal: Terminal, startedAt: number, now: () => number): Progress {
  let told = '';
  let toldAt = Number.NEGATIVE_INFINITY;
  return {
    update(text) {
      if (text === told || now() - toldAt < QUIET_MS) return;
      told = text;
      toldAt = now();
      terminal.tell(`${printable(text)}  ${seconds(toldAt - startedAt)}\n`);
    },
    finish() {},
  };
}

/** `12.3 s` */
export function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
