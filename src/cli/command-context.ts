import type { Readable } from 'node:stream';
import type { Terminal } from './terminal.ts';

/** What commands are given to work with, and where they leave how it went. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  /** Exit status of the process: 0 unless said otherwise. */
  setStatus(status: number): void;
}
