import { isIP } from 'node:net';
import { totalmem } from 'node:os';
import type { Node } from '../model/node.ts';
import { VinetError } from '../model/vinet-error.ts';
import type { Frr } from './frr/frr.ts';
import type { Kernel } from './kernel/kernel.ts';

/** Resident memory that a router's zebra and ospfd are reckoned with; measured 14 MB at FRR 8.4. */
const BYTES_A_MEMBER = 16 * 1024 * 1024;

export interface SelfDescriptionOptions {
  readonly name: string;
  readonly version: string;
  /** Null: those of the interfaces that are up. */
  readonly underlayAddresses: readonly string[] | null;
  /** Where other nodes see this one, if a router on the way translates addresses. Fails with `bad-address`. */
  readonly outsideAddresses: readonly string[];
  /** Null: as many as half of the machine's memory holds. */
  readonly maxMembers: number | null;
  readonly metrics: string;
}

/** What this node tells the controller about itself, found by looking. */
export async function describeSelf(kernel: Kernel, frr: Frr, options: SelfDescriptionOptions): Promise<Node> {
  const interfaces = (await kernel.underlay.readLinks()).filter(({ name, up }) => up && name !== 'lo');
  const found = interfaces.flatMap(({ addresses }) =>
    addresses.map((address) => address.split('/')[0] ?? ''),
  );
  const underlay = options.underlayAddresses ?? found.toSorted((a, b) => familyOf(a) - familyOf(b));
  if (underlay.length === 0)
    throw new VinetError(
      'no-underlay',
      'this node has no address for tunnels to end at; give one with --underlay-address',
    );
  const { outsideAddresses: outside } = options;
  const wrong = outside.find((address) => isIP(address) === 0);
  if (wrong !== undefined) throw new VinetError('bad-address', `${wrong} is not an IP address`);
  const carriers = interfaces.filter(({ addresses }) =>
    addresses.some((address) => underlay.includes(address.split('/')[0] ?? '')),
  );
  return {
    name: options.name,
    underlay: [...underlay],
    ...(outside.length === 0 ? {} : { outside: [...outside] }),
    mtu: Math.min(...carriers.map(({ mtu }) => mtu), 65_535),
    capabilities: {
      kernel: kernel.readRelease(),
      linkKinds: await kernel.readLinkKinds(),
      features: [...(await kernel.readFeatures()), ...frr.features],
      frr: frr.version,
      frrRemark: frr.remark,
      daemons: frr.installed,
    },
    limits: { members: options.maxMembers ?? Math.floor(totalmem() / 2 / BYTES_A_MEMBER) },
    metrics: options.metrics,
    version: options.version,
  };
}

function familyOf(address: string): number {
  return address.includes(':') ? 6 : 4;
}
