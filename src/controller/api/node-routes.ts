import { NodeList, type NodeView } from '../../model/api.ts';
import type { Node } from '../../model/node.ts';
import type { Api, ApiParts } from './app.ts';

/** Nodes that ever registered, whether or not they are connected now. */
export function addNodeRoutes(app: Api, parts: ApiParts): void {
  app.get('/v1/nodes', { schema: { response: { 200: NodeList } } }, async () => ({
    nodes: [...parts.inventory.nodes.values()]
      .sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }))
      .map((node) => nodeView(node, parts)),
  }));
}

function nodeView(node: Node, { fleet, service, inventory }: ApiParts): NodeView {
  const { name, underlay, mtu, capabilities, limits, metrics, version } = node;
  const wanted = service.desiredStateOf(name)?.overlays ?? [];
  const members = wanted.flatMap(({ environments }) =>
    environments.filter(({ role }) => role === 'router' || role === 'host'),
  );
  return {
    name,
    connected: fleet.isConnected(name),
    underlay: [...underlay],
    mtu,
    kernel: capabilities.kernel,
    frr: capabilities.frr,
    // Absent in what an older version stored.
    frrRemark: capabilities.frrRemark ?? '',
    linkKinds: [...capabilities.linkKinds],
    features: [...capabilities.features],
    daemons: [...capabilities.daemons],
    members: { used: members.length, limit: limits.members },
    metrics,
    version,
    revision: { have: fleet.statusOf(name)?.revision ?? 0, want: inventory.desiredRevision },
  };
}
