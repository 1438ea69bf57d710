import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Pinging {
  answers(): number;
  stop(): Promise<{ sent: number; lost: number; gaps: number }>;
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

/**
 * Packets every few milliseconds until stopped; resolves with how many were sent and lost, and how many of those before
 * the last answer have none.
 */
export function startPing(namespace: string, address: string, intervalMs = 20): Pinging {
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
  const answered = () =>
    new Set([...output.matchAll(/icmp_seq=(\d+) ttl/g)].map(([, number]) => Number(number)));
  return {
    answers: () => answered().size,
    stop: () =>
      new Promise((resolve, reject) => {
        child.once('close', () => {
          const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(output) ?? [];
          if (sent === undefined) reject(new Error(`ping said: ${output}`));
          // The last packet may still be on its way when ping is asked to end.
          else {
            const lost = Math.max(0, Number(sent) - Number(received) - 1);
            const seen = answered();
            resolve({ sent: Number(sent), lost, gaps: Math.max(0, ...seen) - seen.size });
          }
        });
        child.kill('SIGINT');
      }),
  };
}

/** Waits for a condition that something else brings about; fails with what it was waiting for. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  describe: () => string,
  seconds = 120,
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
  const folders = ['/run/netns', '/etc/netns', '/etc/frr', '/var/run/frr'].flatMap((folder) =>
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

export function readArgv(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

export function readFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
