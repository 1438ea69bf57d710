import type { Change } from '../../model/change.ts';
import type { LinkState } from '../../model/node-state.ts';
import { VinetError } from '../../model/vinet-error.ts';
import type { Kernel, LinkStep, Namespace } from '../kernel/kernel.ts';
import type { Environments } from './environments.ts';
import type { Failures } from './failures.ts';
import type { LinkTable } from './link-table.ts';

type LinkChange<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>;

/** A namespace being dismantled keeps its VNIs until the kernel's own worker has come by. */
const DISMANTLE_RETRIES = 40;
const DISMANTLE_WAIT_MS = 50;

/**
 * Carries out changes of links and addresses: all messages for a namespace in one go, since a system call a
 * message is what makes most programs slow here.
 */
export class LinkProgrammer {
  private readonly kernel: Kernel;
  private readonly environments: Environments;
  private readonly table: LinkTable;
  private readonly failures: Failures;
  private readonly queues = new Map<string, Queued[]>();

  constructor(kernel: Kernel, environments: Environments, table: LinkTable, failures: Failures) {
    this.kernel = kernel;
    this.environments = environments;
    this.table = table;
    this.failures = failures;
  }

  /** Creates interfaces, down, then their bridges' ports, flood lists and addresses. */
  async create(changes: readonly LinkChange<'create-link'>[]): Promise<void> {
    const ends = changes.flatMap((change) => {
      const own = { namespace: change.namespace, link: change.link };
      return change.peer === null ? [own] : [own, change.peer];
    });
    await this.createInterfaces(changes);
    for (const { namespace, link } of ends) this.queueSettings(namespace, link);
    await this.flush();
  }

  async bringUp(ends: readonly { readonly namespace: string; readonly name: string }[]): Promise<void> {
    for (const { namespace, name } of ends)
      this.queue(namespace, name, (index) => ({ step: 'set-up', index, up: true }));
    await this.flush();
  }

  /** Before what they are in goes too; those that are gone already are success. */
  async takeDown(ends: readonly { readonly namespace: string; readonly name: string }[]): Promise<void> {
    for (const { namespace, name } of ends)
      this.queue(namespace, name, (index) => ({ step: 'set-up', index, up: false }), 'not-found');
    await this.flush();
  }

  async remove(changes: readonly LinkChange<'delete-link'>[]): Promise<void> {
    for (const { namespace, name } of changes) {
      this.queue(namespace, name, (index) => ({ step: 'delete', index }), 'not-found');
      this.table.remove(namespace, name);
    }
    await this.flush();
  }

  /** Changes of interfaces that are there, in the order given. */
  async update(changes: readonly Change[]): Promise<void> {
    for (const change of changes) this.queueUpdate(change);
    await this.flush();
  }

  private async createInterfaces(changes: readonly LinkChange<'create-link'>[]): Promise<void> {
    let pending = changes.flatMap((change) => this.prepareCreation(change));
    for (let attempt = 0; pending.length > 0; attempt++) {
      const errors = await this.programCreations(pending);
      const inUse = pending.filter((_, at) => isCode(errors[at], 'exists'));
      const retry = attempt < DISMANTLE_RETRIES && inUse.length > 0;
      pending.forEach((creation, at) => {
        const error = errors[at] ?? null;
        if (error !== null && !(retry && isCode(error, 'exists')))
          this.failures.add(creation.namespace, error);
      });
      if (!retry) return;
      pending = inUse;
      await new Promise((resolve) => setTimeout(resolve, DISMANTLE_WAIT_MS));
    }
  }

  /** Each interface is made in the network that carries its packets, from where the kernel moves it. */
  private async programCreations(creations: readonly Creation[]): Promise<(Error | null)[]> {
    const results = creations.map((): Error | null => null);
    const byTransport = new Map<Namespace, number[]>();
    creations.forEach(({ transport }, at) => {
      byTransport.set(transport, [...(byTransport.get(transport) ?? []), at]);
    });
    for (const [transport, positions] of byTransport) {
      const steps = positions.flatMap((at) => creations[at]?.step ?? []);
      const errors = await transport.program(steps);
      positions.forEach((at, index) => {
        results[at] = errors[index] ?? null;
      });
    }
    return results;
  }

  private prepareCreation(change: LinkChange<'create-link'>): Creation[] {
    const { namespace, link, peer } = change;
    try {
      const into = this.namespace(namespace);
      const peerInto = peer === null ? null : this.namespace(peer.namespace);
      const carrier = link.kind === 'tunnel' ? link.transport : null;
      const transport = carrier === null ? this.kernel.underlay : this.namespace(carrier);
      const index = this.table.add(namespace, link.name);
      const peerEnd =
        peer === null || peerInto === null
          ? null
          : { link: peer.link, into: peerInto, index: this.table.add(peer.namespace, peer.link.name) };
      return [{ namespace, transport, step: { step: 'create', link, into, index, peer: peerEnd } }];
    } catch (error) {
      this.failures.add(namespace, error);
      return [];
    }
  }

  private queueSettings(namespace: string, link: LinkState): void {
    if (link.master !== null) this.queueMaster(namespace, link.name, link.master);
    const { emulation } = link;
    if (emulation !== null)
      this.queue(namespace, link.name, (index) => ({ step: 'set-emulation', index, emulation }));
    if (link.kind === 'tunnel' && link.tunnel.kind === 'vxlan' && link.tunnel.learning)
      for (const remote of link.tunnel.remotes)
        this.queue(namespace, link.name, (index) => ({ step: 'add-remote', index, remote }), 'exists');
    for (const address of link.addresses)
      this.queue(namespace, link.name, (index) => ({ step: 'add-address', index, address }), 'exists');
  }

  private queueUpdate(change: Change): void {
    const { namespace } = change;
    if (change.kind === 'set-link-mtu')
      this.queue(namespace, change.name, (index) => ({ step: 'set-mtu', index, mtu: change.mtu }));
    else if (change.kind === 'set-link-alias')
      this.queue(namespace, change.name, (index) => ({ step: 'set-alias', index, alias: change.alias }));
    else if (change.kind === 'set-link-master') this.queueMaster(namespace, change.name, change.master);
    else if (change.kind === 'set-emulation') {
      const { kind: step, emulation } = change;
      this.queue(namespace, change.name, (index) => ({ step, index, emulation }));
    } else if (change.kind === 'set-wireguard-keys') {
      const { kind: step, tunnel } = change;
      this.queue(namespace, change.name, (index) => ({ step, index, tunnel }));
    } else if (change.kind === 'add-route' || change.kind === 'remove-route') {
      const { kind: step, route } = change;
      const expected = step === 'add-route' ? 'exists' : 'not-found';
      this.queue(namespace, route.interface, (index) => ({ step, index, route }), expected);
    } else if (change.kind === 'set-link-down')
      this.queue(namespace, change.name, (index) => ({ step: 'set-up', index, up: false }));
    else if (change.kind === 'add-remote' || change.kind === 'remove-remote') {
      const { kind: step, remote } = change;
      const expected = step === 'add-remote' ? 'exists' : 'not-found';
      this.queue(namespace, change.name, (index) => ({ step, index, remote }), expected);
    } else if (change.kind === 'add-address' || change.kind === 'remove-address') {
      const { kind: step, address } = change;
      const expected = step === 'add-address' ? 'exists' : 'not-found';
      this.queue(namespace, change.name, (index) => ({ step, index, address }), expected);
    }
  }

  private queueMaster(namespace: string, name: string, master: string | null): void {
    const bridge = master === null ? 0 : this.table.indexOf(namespace, master);
    if (bridge === undefined)
      this.failures.add(
        namespace,
        new VinetError('not-found', `there is no bridge ${master} in ${namespace}`),
      );
    else this.queue(namespace, name, (index) => ({ step: 'set-master', index, master: bridge }));
  }

  /** `expected` is the code of an error that means that the step was done already. */
  private queue(
    namespace: string,
    name: string,
    build: (index: number) => LinkStep,
    expected: 'exists' | 'not-found' | null = null,
  ): void {
    const index = this.table.indexOf(namespace, name);
    if (index === undefined) {
      if (expected !== 'not-found')
        this.failures.add(
          namespace,
          new VinetError('not-found', `there is no interface ${name} in ${namespace}`),
        );
      return;
    }
    const steps = this.queues.get(namespace) ?? [];
    steps.push({ step: build(index), expected });
    this.queues.set(namespace, steps);
  }

  private async flush(): Promise<void> {
    const queues = [...this.queues];
    this.queues.clear();
    await Promise.all(queues.map(([namespace, steps]) => this.programQueue(namespace, steps)));
  }

  private async programQueue(namespace: string, queued: readonly Queued[]): Promise<void> {
    try {
      const errors = await this.namespace(namespace).program(queued.map(({ step }) => step));
      queued.forEach(({ expected }, at) => {
        const error = errors[at] ?? null;
        if (error !== null && (expected === null || !isCode(error, expected)))
          this.failures.add(namespace, error);
      });
    } catch (error) {
      this.failures.add(namespace, error);
    }
  }

  private namespace(name: string): Namespace {
    const namespace = this.environments.find(name);
    if (namespace === null) throw new VinetError('not-found', `namespace ${name} is not there`);
    return namespace;
  }
}

interface Creation {
  readonly namespace: string;
  /** Programs the step; its network carries the packets. */
  readonly transport: Namespace;
  readonly step: LinkStep;
}

interface Queued {
  readonly step: LinkStep;
  readonly expected: 'exists' | 'not-found' | null;
}

function isCode(error: Error | null | undefined, code: string): boolean {
  return error instanceof VinetError && error.code === code;
}
