import { execFileSync } from 'node:child_process';
import type { Kernel, LinkStep, Namespace } from '../../../src/agent/kernel/kernel.ts';
import { openKernel } from '../../../src/agent/kernel/open-kernel.ts';
import type { BridgeState, LinkState, TunnelState, VethState } from '../../../src/model/node-state.ts';
import type { Tunnel, VxlanTunnel } from '../../../src/model/tunnel.ts';

/** Namespaces of one test: made under names that no other test run has, and removed whatever happened. */
export class KernelRoom {
  readonly kernel: Kernel;
  readonly #prefix: string;
  readonly #opened: Namespace[] = [];
  readonly #names = new Set<string>();

  private constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.#prefix = `vt-${process.pid}`;
  }

  static async open(): Promise<KernelRoom> {
    return new KernelRoom(await openKernel({ underlay: null }));
  }

  name(suffix: string): string {
    const name = `${this.#prefix}-${suffix}`;
    this.#names.add(name);
    return name;
  }

  async create(suffix: string): Promise<Namespace> {
    return this.hold(await this.kernel.createNamespace(this.name(suffix)));
  }

  hold(namespace: Namespace): Namespace {
    this.#opened.push(namespace);
    return namespace;
  }

  leave(): void {
    for (const namespace of this.#opened.splice(0)) namespace.close();
    for (const name of this.#names) this.kernel.deleteNamespace(name);
    this.#names.clear();
  }
}

/** Programs steps that must all succeed. */
export async function carryOut(namespace: Namespace, steps: readonly LinkStep[]): Promise<void> {
  const error = (await namespace.program(steps)).find((result) => result !== null);
  if (error) throw error;
}

/** A veth pair, both ends up and with their addresses. */
export async function joinByVeth(
  left: { into: Namespace; name: string; index: number; addresses: string[] },
  right: { into: Namespace; name: string; index: number; addresses: string[] },
): Promise<void> {
  await carryOut(left.into, [
    { step: 'create', ...left, link: veth(left.name), peer: { ...right, link: veth(right.name) } },
  ]);
  for (const { into, index, addresses } of [left, right])
    await carryOut(into, [
      ...addresses.map((address): LinkStep => ({ step: 'add-address', index, address })),
      { step: 'set-up', index, up: true },
    ]);
}

export function veth(name: string): VethState {
  return { ...common(name), kind: 'veth', peer: { namespace: '', name: '' } };
}

export function bridge(name: string): BridgeState {
  return { ...common(name), kind: 'bridge' };
}

export function vxlan(name: string, different: Partial<VxlanTunnel>): TunnelState {
  const [local, remotes] = ['192.0.2.1', ['192.0.2.2']];
  const tunnel: VxlanTunnel = {
    kind: 'vxlan',
    vni: 77,
    port: 4789,
    local,
    remotes,
    learning: false,
    ...different,
  };
  return tunnelLink(name, tunnel);
}

export function tunnelLink(name: string, tunnel: Tunnel): TunnelState {
  return { ...common(name), kind: 'tunnel', transport: null, tunnel, protections: [] };
}

/** iproute2's view of a namespace, as an operator has it. */
export function ip(namespace: Namespace, ...argv: readonly string[]): string {
  return execFileSync('ip', ['-n', namespace.name, ...argv], { encoding: 'utf8' });
}

/** Throws unless an answer comes back. */
export function ping(namespace: Namespace, address: string): void {
  const argv = ['netns', 'exec', namespace.name, 'ping', '-c', '3', '-i', '0.2', '-W', '5', address];
  execFileSync('ip', argv, { encoding: 'utf8' });
}

function common(name: string): Omit<LinkState, 'kind' | 'peer'> & { master: null } {
  return {
    name,
    link: `link-${name}`,
    mtu: 1400,
    addresses: [],
    master: null,
    enabled: true,
    emulation: null,
  };
}
