import { Transform } from 'node:stream';
import type { RouterView } from '../model/api.ts';
import { VinetError } from '../model/vinet-error.ts';
import { askOfVrf } from '../model/vrf-question.ts';
import { type ApiClient, apiPath } from './api-client.ts';
import type { CommandContext } from './command-context.ts';
import { runExec } from './exec.ts';

export interface VtyshOptions {
  readonly overlay: string;
  readonly router: string;
  /** Commands to run one after another; none: a session for a person. */
  readonly commands: readonly string[];
}

/**
 * FRR's own shell in a router, through the API. Resolves with its exit status. Where the router's daemons serve others
 * too, what is asked about a protocol or a table is asked about the router's VRF.
 */
export async function runVtysh(
  client: ApiClient,
  options: VtyshOptions,
  context: CommandContext,
): Promise<number> {
  const { overlay, router, commands } = options;
  const { stdin } = context;
  const { pathspace, namespace } = await findRouter(client, overlay, router);
  const isShared = pathspace !== namespace;
  const scoped = isShared ? commands.map((command) => askOfVrf(command, router) ?? command) : commands;
  const vtysh = ['vtysh', '-N', pathspace, ...scoped.flatMap((command) => ['-c', command])];
  const outputs = { stdout: process.stdout, stderr: process.stderr };
  if (commands.length > 0 || stdin.isTTY !== true || stdin.setRawMode === undefined) {
    return runExec(client, { overlay, member: router, argv: vtysh }, { stdin, ...outputs });
  }
  const { columns = 80, rows = 24 } = process.stdout;
  const size = [`TERM=${context.env.TERM ?? 'dumb'}`, `COLUMNS=${columns}`, `LINES=${rows}`];
  const leaving = new AbortController();
  context.terminal.tell('Ctrl-D leaves; Ctrl-] leaves at once.\n');
  if (isShared) context.terminal.tell(`${router} is VRF ${router} here: show ip route vrf ${router}\n`);
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

async function findRouter(client: ApiClient, overlay: string, router: string): Promise<RouterView> {
  const { routers } = await client.send<{ routers: RouterView[] }>({
    path: apiPath(['overlays', overlay, 'routers']),
  });
  const found = routers.find(({ name }) => name === router);
  if (found === undefined) throw new VinetError('not-found', `overlay ${overlay} has no router ${router}`);
  return found;
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
