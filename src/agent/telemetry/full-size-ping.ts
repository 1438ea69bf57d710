import type { Namespace } from '../kernel/kernel.ts';

/** Of ICMP and IP, RFC 792 and RFC 4443. */
const HEADER_BYTES = { 4: 28, 6: 48 } as const;
const DEADLINE_MS = 10_000;

/**
 * Whether one of three echo requests of this size, headers included, is answered; none of them may be fragmented
 * (`-M do` of ping(8)).
 */
export function pingUnfragmented(namespace: Namespace, address: string, bytes: number): Promise<boolean> {
  const size = bytes - HEADER_BYTES[address.includes(':') ? 6 : 4];
  const argv = ['-n', '-q', '-c', '3', '-i', '0.2', '-W', '2', '-M', 'do', '-s', String(size), address];
  return new Promise((resolve) => {
    const child = namespace.spawn('ping', argv, {
      stdio: 'ignore',
      timeout: DEADLINE_MS,
      killSignal: 'SIGKILL',
    });
    child.on('error', () => resolve(false));
    child.on('close', (status) => resolve(status === 0));
  });
}
