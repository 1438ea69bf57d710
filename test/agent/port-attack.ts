import { once } from 'node:events';
import type { Namespace } from '../../src/agent/kernel/kernel.ts';

/** Somebody who must not reach a port of a router's daemons. */
export interface Attacker {
  readonly name: string;
  readonly from: 'neighbor' | 'router';
  readonly isRoot: boolean;
  /** An address of the router that it tries; null: that on the link to the neighbour. */
  readonly address: '127.0.0.1' | null;
}

export const ATTACKERS = [
  { name: 'a neighbour, over their link,', from: 'neighbor', isRoot: true, address: null },
  { name: 'a program without rights, over loopback,', from: 'router', isRoot: false, address: '127.0.0.1' },
  {
    name: "a program without rights, by the router's address,",
    from: 'router',
    isRoot: false,
    address: null,
  },
] as const satisfies readonly Attacker[];

/** Whether a TCP connection comes about within two seconds. */
export async function canConnect(
  { from, isRoot, address }: Attacker,
  to: { router: Namespace; neighbor: Namespace; address: string; port: number },
): Promise<boolean> {
  const nobody = isRoot ? [] : ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const dial = ['timeout', '2', 'bash', '-c', `exec 3<>/dev/tcp/${address ?? to.address}/${to.port}`];
  const [command = '', ...argv] = [...nobody, ...dial];
  const child = (from === 'router' ? to.router : to.neighbor).spawn(command, argv, { stdio: 'ignore' });
  const [status] = (await once(child, 'close')) as [number | null];
  return status === 0;
}
