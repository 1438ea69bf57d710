import type { EnvironmentState, NodeState } from '../../model/node-state.ts';
import type { Namespace } from '../kernel/kernel.ts';

/** Packets that were dropped on purpose in one network, by reason. */
export interface DropSample {
  /** The link layer's filter, or IPsec. */
  readonly by: 'link-layer' | 'ipsec';
  /** Empty for the node's own network, which overlays share. */
  readonly overlay: string;
  /** The namespace's name; empty for the node's own network. */
  readonly environment: string;
  readonly reasons: ReadonlyMap<string, number>;
}

type DropCounts = Pick<Namespace, 'readFilterDrops' | 'readSecurityDrops'>;

/**
 * Reads what was dropped wherever a link layer filters or IPsec protects. What cannot be read now is left away.
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
    ...filtered.map(({ namespace }) =>
      sample('link-layer', namespace, () => find(namespace)?.readFilterDrops()),
    ),
    ...[...protectedTransports(environments)].map((transport) =>
      sample('ipsec', transport ?? '', () =>
        (transport === null ? underlay : find(transport))?.readSecurityDrops(),
      ),
    ),
  ]);
  return samples.flat();
}

/** Networks that carry ESP; null is the node's own. */
function protectedTransports(environments: readonly EnvironmentState[]): Set<string | null> {
  const links = environments.flatMap((environment) => environment.links);
  return new Set(
    links.flatMap((link) => (link.kind === 'tunnel' && link.protections.length > 0 ? [link.transport] : [])),
  );
}
