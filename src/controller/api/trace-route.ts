import { TraceBody, TraceRequest } from '../../model/api.ts';
import type { Hop } from '../../model/trace.ts';
import { VinetError } from '../../model/vinet-error.ts';
import { describeHosts, describeLinks, describeRouters } from '../../planner/overlay-view.ts';
import type { Inventory, StoredOverlay } from '../overlays/inventory.ts';
import type { Api, ApiParts } from './app.ts';
import { memberOf, OverlayParams, overlayOf } from './named.ts';

/** Thirty hops that each do not answer for a second, and some. */
const TRACE_DEADLINE_MS = 40_000;

/** The way that packets take through an overlay, hop by hop, with the name of each router and host. */
export function addTraceRoute(app: Api, { inventory, fleet }: ApiParts): void {
  app.post(
    '/v1/overlays/:name/trace',
    { schema: { params: OverlayParams, body: TraceRequest, response: { 200: TraceBody } } },
    async ({ params, body }) => {
      const stored = overlayOf(inventory, params.name);
      const from = memberOf(stored, body.from);
      const to = memberOf(stored, body.to);
      const destination = to.addresses[0]?.split('/')[0];
      if (destination === undefined) {
        throw new VinetError('conflict', `${to.name} of overlay ${stored.name} has no address`);
      }
      const question = { kind: 'trace', overlay: from.home, from: from.name, destination } as const;
      const answer = await fleet.request(from.node, question, TRACE_DEADLINE_MS);
      if (answer.kind !== 'hops') {
        throw new VinetError('node-failed', `node ${from.node} answered with something else than hops`);
      }
      return describePath(answer.hops, to.name, addressBook(stored, inventory));
    },
  );
}

interface Owner {
  readonly router: string;
  readonly node: string;
}

function describePath(hops: readonly Hop[], to: string, owners: ReadonlyMap<string, Owner>): TraceBody {
  const path = hops.map(({ ttl, address, rttMs }) => {
    const owner = owners.get(address);
    return { ttl, address, router: owner?.router ?? '', node: owner?.node ?? '', rttMs };
  });
  return { hops: path, reached: path.some(({ router }) => router === to) };
}

/** Whose each address of the overlay is, without prefix lengths. */
function addressBook({ overlay, plan }: StoredOverlay, { nodes, overlays }: Inventory): Map<string, Owner> {
  const owners = new Map<string, Owner>();
  const add = (addresses: readonly string[], owner: Owner) => {
    for (const address of addresses) owners.set(address.split('/')[0] ?? address, owner);
  };
  for (const { name, node, addresses } of [
    ...describeRouters(overlay, plan),
    ...describeHosts(overlay, plan),
  ])
    add(addresses, { router: name, node });
  for (const { ends } of describeLinks(overlay, plan, nodes, overlays)) {
    for (const { router, node, addresses } of ends) add(addresses, { router, node });
  }
  return owners;
}
