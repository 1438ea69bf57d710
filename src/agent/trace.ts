import type { Hop } from '../model/trace.ts';
import { VinetError } from '../model/vinet-error.ts';
import type { Namespace } from './kernel/kernel.ts';

const DEADLINE_MS = 30_000;
/** Probes under way at the same time: as many as a long virtual path has hops. */
const PROBES_AT_ONCE = 128;

/** On a long way some router may just have used up what it may send of ICMP errors (icmp_ratelimit of ip-sysctl). */
const ATTEMPTS = 3;

/** Follows the way of a packet through an overlay with traceroute(8), one ICMP probe a hop; silent hops are asked again. */
export async function traceRoute(namespace: Namespace, destination: string): Promise<Hop[]> {
  let hops = await probe(namespace, destination);
  for (let attempt = 1; attempt < ATTEMPTS && hasGaps(hops); attempt++)
    hops = fillGaps(hops, await probe(namespace, destination));
  return hops;
}

/** Whether a hop is silent though a later one answered. */
export function hasGaps(hops: readonly Hop[]): boolean {
  const last = hops.findLastIndex(({ address }) => address !== '');
  return hops.slice(0, Math.max(last, 0)).some(({ address }) => address === '');
}

/** The hops of one trace, with what another one knows of those that kept silent. */
export function fillGaps(hops: readonly Hop[], others: readonly Hop[]): Hop[] {
  return hops.map((hop, at) => (hop.address === '' ? (others[at] ?? hop) : hop));
}

async function probe(namespace: Namespace, destination: string): Promise<Hop[]> {
  const argv = ['-I', '-n', '-q', '1', '-w', '2', '-N', String(PROBES_AT_ONCE), '-m', '255', destination];
  return parseTraceroute(await runTraceroute(namespace, argv));
}

/** Lines such as ` 3  10.20.128.5  0.093 ms` or ` 4  *`; the heading and anything else is passed over. */
export function parseTraceroute(text: string): Hop[] {
  const hops: Hop[] = [];
  for (const line of text.split('\n')) {
    const [, ttl, address, rtt] = /^\s*(\d+)\s+(?:(\S+)\s+([\d.]+) ms|\*)/.exec(line) ?? [];
    if (ttl !== undefined) hops.push({ ttl: Number(ttl), address: address ?? '', rttMs: Number(rtt ?? 0) });
  }
  return hops;
}

function runTraceroute(namespace: Namespace, argv: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = namespace.spawn('traceroute', argv, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: DEADLINE_MS,
      killSignal: 'SIGKILL',
    });
    let output = '';
    let complaint = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.on('error', (error) => reject(new VinetError('trace-failed', `traceroute: ${error.message}`)));
    child.on('close', (status) => {
      if (status === 0) resolve(output);
      else
        reject(new VinetError('trace-failed', complaint.trim() || `traceroute ended with status ${status}`));
    });
  });
}
