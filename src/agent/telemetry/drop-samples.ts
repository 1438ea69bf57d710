import type { EnvironmentState, NodeState } from '../../model/node-state.ts';
import { sourcesOf, type TunnelMark } from '../../model/tunnel.ts';
import type { Namespace } from '../kernel/kernel.ts';

/** Packets that were dropped on purpose in one network, by reason. */
export interface DropSample {
  /** The filter of a link layer or of an internal router, IPsec, or what keeps packets of strangers from tunnels. */
  readonly by: 'link-layer' | 'internal-router' | 'ipsec' | 'tunnel';
  /** Empty where nobody can tell whose packets they were: of IPsec in the node's own network, which overlays share. */
  readonly overlay: string;
  /** The namespace's name; empty for the node's own network. */
  readonly environment: string;
  readonly reasons: ReadonlyMap<string, number>;
}

type DropCounts = Pick<Namespace, 'readFilterDrops' | 'readSecurityDrops' | 'readTunnelDrops'>;

/**
 * Reads what was dropped wherever a link layer or an internal router filters, IPsec protects or tunnels end. What cannot
 * be read now is left away.
 * @param find the namespace of an environment, null while it is not there
 */
export async function readDrops(
  desired: NodeState,
  underlay: DropCounts,
  find: (namespace: string) => DropCounts | null,
): Promise<DropSample[]> {
  const owners = new Map<string, string>();
  for (const { name, environments } of desired.overlays)
    for (const { namespace } of environments) owners.set(namespace, name);
  const environments = desired.overlays.flatMap((overlay) => overlay.environments);
  const sample = async (
    by: DropSample['by'],
    environment: string,
    read: () => Promise<ReadonlyMap<string, number>> | undefined,
  ): Promise<DropSample[]> => {
    const reasons = await read()?.catch(() => null);
    return reasons == null ? [] : [{ by, overlay: owners.get(environment) ?? '', environment, reasons }];
  };
  const filtered = environments.filter(({ filter }) => filter !== null);
  const samples = await Promise.all([
    ...filtered.map(({ namespace, role }) =>
      sample(role === 'link' ? 'link-layer' : 'internal-router', namespace, () =>
        find(namespace)?.readFilterDrops(),
      ),
    ),
    ...[...protectedTransports(environments)].map((transport) =>
      sample('ipsec', transport ?? '', () =>
        (transport === null ? underlay : find(transport))?.readSecurityDrops(),
      ),
    ),
    ...[...markedTransports(desired)].map(([transport, ownerOf]) =>
      sampleTunnels(transport, ownerOf, transport === null ? underlay : find(transport)),
    ),
  ]);
  return samples.flat();
}

/** Of each overlay that has tunnels in the network. */
async function sampleTunnels(
  transport: string | null,
  ownerOf: ReadonlyMap<string, string>,
  network: Pick<DropCounts, 'readTunnelDrops'> | null,
): Promise<DropSample[]> {
  const drops = await network?.readTunnelDrops().catch(() => null);
  if (drops == null) return [];
  const sums = new Map([...new Set(ownerOf.values())].map((overlay) => [overlay, 0]));
  for (const drop of drops) {
    const overlay = ownerOf.get(keyOf(drop));
    if (overlay !== undefined) sums.set(overlay, (sums.get(overlay) ?? 0) + drop.packets);
  }
  return [...sums].map(([overlay, packets]) => ({
    by: 'tunnel',
    overlay,
    environment: transport ?? '',
    reasons: new Map([['wrong-source', packets]]),
  }));
}

/** Networks that carry tunnels whose packets are known by a mark, and whose each mark is. */
function markedTransports({ overlays }: NodeState): Map<string | null, Map<string, string>> {
  const networks = new Map<string | null, Map<string, string>>();
  for (const { name, environments } of overlays)
    for (const { links } of environments)
      for (const link of links) {
        if (link.kind !== 'tunnel') continue;
        const owners = networks.get(link.transport) ?? new Map<string, string>();
        for (const source of sourcesOf(link.tunnel)) {
          networks.set(link.transport, owners);
          owners.set(keyOf(source), name);
        }
      }
  return networks;
}

function keyOf({ by, port, number }: TunnelMark): string {
  return `${by} ${port} ${number}`;
}

/** Networks that carry ESP; null is the node's own. */
function protectedTransports(environments: readonly EnvironmentState[]): Set<string | null> {
  const links = environments.flatMap((environment) => environment.links);
  return new Set(
    links.flatMap((link) => (link.kind === 'tunnel' && link.protections.length > 0 ? [link.transport] : [])),
  );
}
