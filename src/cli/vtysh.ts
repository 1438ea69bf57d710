import { Transform } from 'node:stream';
import { namespaceOf } from '../model/names.ts';
import type { ApiClient } from './api-client.ts';
import type { CommandContext } from './command-context.ts';
import { runExec } from './exec.ts';

export interface VtyshOptions {
  readonly overlay: string;
  readonly router: string;
  /** Commands to run one after another; none: a session for a person. */
  readonly commands: readonly string[];
}

/** FRR's own shell in a router, through the API. Resolves with its exit status. */
export async function runVtysh(
  client: ApiClient,
  options: VtyshOptions,
  context: CommandContext,
): Promise<number> {
  const { overlay, router, commands } = options;
  const { stdin } = context;
  const vtysh = [
    'vtysh',
    '-N',
    namespaceOf(overlay, router),
    ...commands.flatMap((command) => ['-c', command]),
  ];
  const outputs = { stdout: process.stdout, stderr: process.stderr };
  if (commands.length > 0 || stdin.isTTY !== true || stdin.setRawMode === undefined) {
    return runExec(client, { overlay, member: router, argv: vtysh }, { stdin, ...outputs });
  }
  const { columns = 80, rows = 24 } = process.stdout;
  const size = [`TERM=${context.env.TERM ?? 'dumb'}`, `COLUMNS=${columns}`, `LINES=${rows}`];
  const leaving = new AbortController();
  context.terminal.tell('Ctrl-D leaves; Ctrl-] leaves at once.\n');
  // The far vtysh edits the line, completes and helps, key by key; here nothing may be echoed or held back.
  stdin.setRawMode(true);
  try {
    return await runExec(
      client,
      { overlay, member: router, argv: ['env', ...size, ...vtysh] },
      { stdin: stdin.pipe(translateKeys(() => leaving.abort())), ...outputs, signal: leaving.signal },
    );
  } finally {
    stdin.setRawMode(false);
  }
}

const CTRL_C = 0x03;
const CTRL_RIGHT_BRACKET = 0x1d;
/** What clears the line: Ctrl-E goes to its end, Ctrl-U cuts all before. */
const CLEAR_LINE = [0x05, 0x15];

/** Without a terminal at its end vtysh knows no interrupt key: Ctrl-C clears the line, as there. */
export function translateKeys(leave: () => void): Transform {
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      if (bytes.includes(CTRL_RIGHT_BRACKET)) leave();
      done(null, Buffer.from([...bytes].flatMap((byte) => (byte === CTRL_C ? CLEAR_LINE : [byte]))));
    },
  });
}
