import { constants } from 'node:os';
import { vrfDeviceOf } from '../../model/names.ts';
import { VinetError } from '../../model/vinet-error.ts';
import { AF_INET, AF_INET6 } from './ip-bytes.ts';
import type { Namespace } from './kernel.ts';
import { NAMESPACE_MARK } from './namespace-mark.ts';
import type { NetlinkConnection } from './netlink-connection.ts';
import { encodeNewVrf, encodeVrfBarrier } from './vrf-message.ts';

/** Makes a VRF anew, down and without a mark. One of that name, and its interfaces, are removed before. */
export async function createVrfDevice(
  home: Namespace,
  connection: NetlinkConnection,
  device: string,
  table: number,
): Promise<void> {
  await deleteVrfDevice(home, device);
  // Who listens for BGP does so for all VRFs at once; a connection that it accepts belongs to its VRF.
  home.writeSysctls({ 'net/ipv4/tcp_l3mdev_accept': '1' });
  const errors = await connection.request([
    { what: `create VRF ${device}`, message: encodeNewVrf(device, table) },
    ...[AF_INET, AF_INET6].map((family) => ({
      what: 'keep VRFs apart',
      message: encodeVrfBarrier(family),
      done: [EEXIST, EAFNOSUPPORT],
    })),
  ]);
  throwFirst(errors);
}

export async function markVrfDevice(home: Namespace, index: number): Promise<void> {
  throwFirst(
    await home.program([
      { step: 'set-alias', index, alias: NAMESPACE_MARK },
      { step: 'set-up', index, up: true },
    ]),
  );
}

/** With the interfaces that are the VRF's; none is no error. */
export async function deleteVrfDevice(home: Namespace, device: string): Promise<void> {
  const links = await home.readLinks();
  const own = links.filter(({ name }) => name === device || name.startsWith(vrfDeviceOf(device, '')));
  const errors = await home.program(own.map(({ index }) => ({ step: 'delete', index })));
  throwFirst(errors.filter((error) => error !== null && !isNotFound(error)));
}

const { EAFNOSUPPORT, EEXIST } = constants.errno;

function throwFirst(errors: readonly (Error | null)[]): void {
  const failure = errors.find((error) => error !== null);
  if (failure != null) throw failure;
}

function isNotFound(error: Error): boolean {
  return error instanceof VinetError && error.code === 'not-found';
}
