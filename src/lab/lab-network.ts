import type { Kernel, LinkStep, Namespace } from '../agent/kernel/kernel.ts';
import type { BridgeState, VethState } from '../model/node-state.ts';
import { VinetError } from '../model/vinet-error.ts';
import {
  internetNamespace,
  LAB_BRIDGE,
  LAB_PREFIX_LENGTH,
  type LabNode,
  type LabPlan,
  labNodes,
  NODE_INTERFACE,
} from './lab-layout.ts';

/** Namespaces that stand under a lab's names now. */
export function foundNamespaces(kernel: Kernel, name: string): string[] {
  const pattern = new RegExp(`^${name}-n([1-9][0-9]{0,2})$`);
  return kernel
    .listNamespaces()
    .map((found) => found.name)
    .filter((found) => found === internetNamespace(name) || pattern.test(found));
}

/**
 * Makes what is missing of the lab's namespaces, bridge and wires, and leaves alone what is there.
 * Resolves with the nodes whose namespace was made anew: their agents stand in one that is gone.
 */
export async function buildNetwork(kernel: Kernel, plan: LabPlan): Promise<LabNode[]> {
  const internet = await openOrCreate(kernel, internetNamespace(plan.name));
  try {
    const bridgeIndex = await ensureBridge(internet.namespace, plan);
    const renewed: LabNode[] = [];
    for (const node of labNodes(plan)) {
      const own = await openOrCreate(kernel, node.namespace);
      try {
        if (own.created) renewed.push(node);
        await ensureWire(internet.namespace, own.namespace, node, bridgeIndex, plan.mtu);
      } finally {
        own.namespace.close();
      }
    }
    return renewed;
  } finally {
    internet.namespace.close();
  }
}

/** Whether a node's wire is in place, up and addressed. */
export async function isWired(kernel: Kernel, node: LabNode): Promise<boolean> {
  const namespace = kernel.openNamespace(node.namespace);
  if (namespace === null) return false;
  try {
    const wire = (await namespace.readLinks()).find((link) => link.name === NODE_INTERFACE);
    return wire?.up === true && wire.addresses.includes(cidr(node));
  } finally {
    namespace.close();
  }
}

/** Removes the given namespaces; wires and bridge go with them. */
export function removeNetwork(kernel: Kernel, names: readonly string[]): void {
  for (const name of names) kernel.deleteNamespace(name);
}

async function openOrCreate(
  kernel: Kernel,
  name: string,
): Promise<{ namespace: Namespace; created: boolean }> {
  const existing = kernel.openNamespace(name);
  if (existing !== null) return { namespace: existing, created: false };
  // A name without a namespace behind it is a remnant of an interrupted removal.
  if (kernel.listNamespaces().some((found) => found.name === name)) kernel.deleteNamespace(name);
  return { namespace: await kernel.createNamespace(name), created: true };
}

async function ensureBridge(internet: Namespace, plan: LabPlan): Promise<number> {
  const links = await internet.readLinks();
  const present = links.find((link) => link.name === LAB_BRIDGE);
  if (present?.kind === 'bridge' && present.up && present.mtu === plan.mtu) return present.index;
  const index = present?.index ?? freeIndex(links);
  const bridge: BridgeState = {
    kind: 'bridge',
    name: LAB_BRIDGE,
    link: `${plan.name}-${LAB_BRIDGE}`,
    mtu: plan.mtu,
    addresses: [],
    master: null,
    enabled: true,
    emulation: null,
  };
  await program(internet, [
    ...(present === undefined
      ? [{ step: 'create', link: bridge, into: internet, index, peer: null } as const]
      : [{ step: 'set-mtu', index, mtu: plan.mtu } as const]),
    { step: 'set-up', index, up: true },
  ]);
  return index;
}

async function ensureWire(
  internet: Namespace,
  own: Namespace,
  node: LabNode,
  bridgeIndex: number,
  mtu: number,
): Promise<void> {
  const [ports, inside] = [await internet.readLinks(), await own.readLinks()];
  const port = ports.find((link) => link.name === node.name);
  const wire = inside.find((link) => link.name === NODE_INTERFACE);
  const complete =
    port?.up === true &&
    port.master === LAB_BRIDGE &&
    wire?.up === true &&
    wire.addresses.includes(cidr(node));
  if (complete && port.mtu === mtu && wire.mtu === mtu) return;
  // Half a wire is renewed as a whole: either end takes the other with it.
  if (port !== undefined) await program(internet, [{ step: 'delete', index: port.index }]);
  else if (wire !== undefined) await program(own, [{ step: 'delete', index: wire.index }]);

  const portIndex = freeIndex(ports);
  const wireIndex = freeIndex(inside);
  const common = { kind: 'veth', link: `${LAB_BRIDGE}-${node.name}`, mtu } as const;
  const outer: VethState = {
    ...common,
    name: node.name,
    addresses: [],
    master: LAB_BRIDGE,
    enabled: true,
    emulation: null,
    peer: { namespace: node.namespace, name: NODE_INTERFACE },
  };
  const inner: VethState = {
    ...common,
    name: NODE_INTERFACE,
    addresses: [cidr(node)],
    master: null,
    enabled: true,
    emulation: null,
    peer: { namespace: internet.name, name: node.name },
  };
  await program(internet, [
    {
      step: 'create',
      link: outer,
      into: internet,
      index: portIndex,
      peer: { link: inner, into: own, index: wireIndex },
    },
    { step: 'set-master', index: portIndex, master: bridgeIndex },
    { step: 'set-up', index: portIndex, up: true },
  ]);
  await program(own, [
    { step: 'add-address', index: wireIndex, address: cidr(node) },
    { step: 'set-up', index: wireIndex, up: true },
  ]);
}

function cidr(node: LabNode): string {
  return `${node.address}/${LAB_PREFIX_LENGTH}`;
}

/** An index that no link of the namespace has, also none that was only just deleted. */
function freeIndex(links: readonly { index: number }[]): number {
  return links.reduce((highest, link) => Math.max(highest, link.index), 1) + 1;
}

async function program(namespace: Namespace, steps: readonly LinkStep[]): Promise<void> {
  const errors = await namespace.program(steps);
  for (const [index, error] of errors.entries()) {
    if (error !== null) {
      throw new VinetError(
        'lab-network',
        `cannot ${steps[index]?.step} in ${namespace.name}: ${error.message}`,
        {
          cause: error,
        },
      );
    }
  }
}
