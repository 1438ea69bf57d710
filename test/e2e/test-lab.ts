import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, '../../bin/vinet');

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A lab of its own beside whatever else runs on the machine, driven as a person drives it. */
export class TestLab {
  readonly name: string;
  readonly directory: string;
  readonly nodes: number;
  private readonly files: string;

  constructor(name: string, nodes: number) {
    this.name = name;
    this.nodes = nodes;
    this.files = mkdtempSync(join(tmpdir(), 'vinet-e2e-'));
    this.directory = join(this.files, 'lab');
  }

  async up(): Promise<void> {
    succeed(await this.vinet('lab', 'up', '--nodes', String(this.nodes)));
  }

  async down(): Promise<void> {
    try {
      succeed(await this.vinet('lab', 'down'));
    } finally {
      rmSync(this.files, { recursive: true, force: true });
    }
  }

  /** Runs the command line against this lab. */
  vinet(...argv: string[]): Promise<CommandResult> {
    const env = {
      ...process.env,
      VINET_LAB_NAME: this.name,
      VINET_LAB_DIR: this.directory,
      NO_COLOR: '1',
      HOME: this.files,
    };
    return new Promise((resolve) => {
      execFile(PROGRAM, argv, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
        resolve({ status, stdout, stderr });
      }).stdin?.end();
    });
  }

  /** A file with this text, for `-f`. */
  write(name: string, text: string | Uint8Array): string {
    const path = join(this.files, name);
    writeFileSync(path, text);
    return path;
  }

  async json<T>(...argv: string[]): Promise<T> {
    return JSON.parse(succeed(await this.vinet(...argv, '-o', 'json'))) as T;
  }

  /** Process id of `controller` or of a node's agent, by its command line; 0 when it does not run. */
  pidOf(part: string): number {
    const mark = `--state-directory=${join(this.directory, part)}`;
    for (const entry of readdirSync('/proc'))
      if (/^\d+$/.test(entry) && readArgv(Number(entry)).includes(mark)) return Number(entry);
    return 0;
  }
}

/** The output of a command that must succeed. */
export function succeed(result: CommandResult): string {
  if (result.status !== 0) throw new Error(`status ${result.status}: ${result.stderr}${result.stdout}`);
  return result.stdout;
}

/** Runs a command inside a namespace; its output, or null when it fails. */
export function inside(namespace: string, ...argv: string[]): string | null {
  try {
    return execFileSync('ip', ['netns', 'exec', namespace, ...argv], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return null;
  }
}

export function ping(namespace: string, address: string): boolean {
  return inside(namespace, 'ping', '-n', '-c', '1', '-W', '2', address) !== null;
}

/** Packets every few milliseconds until stopped; resolves with how many were sent and lost. */
export function startPing(
  namespace: string,
  address: string,
  intervalMs = 20,
): { stop(): Promise<{ sent: number; lost: number }> } {
  const argv = [
    'netns',
    'exec',
    namespace,
    'ping',
    '-n',
    '-i',
    String(intervalMs / 1000),
    '-W',
    '2',
    address,
  ];
  const child = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return {
    stop: () =>
      new Promise((resolve, reject) => {
        child.once('close', () => {
          const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(output) ?? [];
          if (sent === undefined) reject(new Error(`ping said: ${output}`));
          // The last packet may still be on its way when ping is asked to end.
          else resolve({ sent: Number(sent), lost: Math.max(0, Number(sent) - Number(received) - 1) });
        });
        child.kill('SIGINT');
      }),
  };
}

/** Waits for a condition that something else brings about; fails with what it was waiting for. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  describe: () => string,
  seconds = 60,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`did not happen within ${seconds} s: ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Everything on this machine that bears an overlay's name: namespaces, processes, folders. */
export function tracesOf(overlay: string): string[] {
  const prefix = `${overlay}_`;
  const folders = ['/run/netns', '/etc/frr', '/var/run/frr'].flatMap((folder) =>
    readFolder(folder)
      .filter((entry) => entry.startsWith(prefix))
      .map((entry) => `${folder}/${entry}`),
  );
  return [...folders, ...[...daemonPids(prefix)].map(([daemon, pid]) => `process ${pid} ${daemon}`)];
}

/** Process ids of FRR's daemons by `PATHSPACE PROGRAM`, read from the processes themselves. */
export function daemonPids(prefix: string): Map<string, number> {
  const pids = new Map<string, number>();
  for (const entry of readFolder('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const argv = readArgv(Number(entry));
    const pathspace = argv[argv.indexOf('-N') + 1] ?? '';
    if (argv[0]?.startsWith('/usr/lib/frr/') === true && pathspace.startsWith(prefix))
      pids.set(`${pathspace} ${argv[0]}`, Number(entry));
  }
  return new Map([...pids].sort());
}

/** Lines `PREFIX via … proto ospf` of a router's kernel table. */
export function ospfRoutes(namespace: string): string[] {
  return (inside(namespace, 'ip', 'route', 'show', 'proto', 'ospf') ?? '')
    .split('\n')
    .filter((line) => line !== '');
}

export function ringFile(name: string, routers: number, more = ''): string {
  return `apiVersion: vinet/v1
kind: Overlay
metadata: { name: ${name} }
spec:
  topology: { kind: ring, routers: ${routers}${more} }
  placement: { nodes: [n1, n2, n3] }
  addressing: { network: 10.20.0.0/16 }
`;
}

function readArgv(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function readFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
