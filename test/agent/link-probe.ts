import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What pings of one address came to. */
export interface PingReport {
  /** Of three of the size asked for. */
  readonly answered: boolean;
  /** One of exactly the MTU, which may not be fragmented. */
  readonly fullSize: boolean;
  /** What was said of one that is a byte larger. */
  readonly larger: string;
}

/** @param bytes of the whole packet, IP header included */
export async function pingAllSizes(
  namespace: string,
  address: string,
  { bytes, mtu }: { readonly bytes: number; readonly mtu: number },
): Promise<PingReport> {
  const headers = address.includes(':') ? 48 : 28;
  const sizes = [bytes, mtu, mtu + 1].map((size) => String(size - headers));
  const argv = ['netns', 'exec', namespace, 'sh', '-c', PINGS, address, ...sizes];
  const { stdout } = await promisify(execFile)('ip', argv);
  const [small = '', full = '', larger = ''] = stdout.split('=\n');
  return { answered: small.endsWith('status 0\n'), fullSize: full.endsWith('status 0\n'), larger };
}

/** One shell for all three: on an emulated machine a process costs more than a packet. */
const PINGS = [
  'ping -n -q -c 3 -i 0.2 -w 60 -s $1 $0; echo status $?; echo =',
  'ping -n -q -c 1 -w 60 -M do -s $2 $0; echo status $?; echo =',
  'ping -n -c 1 -W 1 -M do -s $3 $0 2>&1',
  'true',
].join('\n');
