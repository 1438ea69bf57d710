import type { Change } from '../../model/change.ts';
import type { NodeState } from '../../model/node-state.ts';
import type { Observation } from '../../model/observation.ts';
import type { CalmStarts } from '../frr/bring-up/calm-starts.ts';
import type { LinkEnd } from '../frr/bring-up/hello-prompts.ts';
import type { Frr } from '../frr/frr.ts';
import type { GracefulStarts } from '../frr/graceful/graceful-starts.ts';
import { removeHostsFile, writeHostsFile } from '../hosts-file.ts';
import type { Kernel, Namespace } from '../kernel/kernel.ts';
import type { Mark, StateFolder } from '../state-folder.ts';
import { DaemonProgrammer } from './daemon-programmer.ts';
import type { Environments } from './environments.ts';
import { attempt, attemptNow, Failures } from './failures.ts';
import { writeForwarding } from './forwarding.ts';
import { LinkProgrammer } from './link-programmer.ts';
import { LinkTable } from './link-table.ts';
import { TransportProgrammer } from './transport-programmer.ts';
import { forEachAtOnce } from './worker-pool.ts';

/** Namespaces made side by side between two turns of the event loop; each takes the kernel a millisecond or two. */
const NAMESPACES_A_TURN = 50;

export interface ExecutorOptions {
  readonly kernel: Kernel;
  readonly frr: Frr;
  readonly folder: StateFolder;
  readonly environments: Environments;
  readonly starts: GracefulStarts;
  readonly calm: CalmStarts;
  /** Interfaces came up; nobody waits for what follows from it. */
  readonly onLinksUp: (desired: NodeState, ends: readonly LinkEnd[]) => void;
  /** Routers whose daemons are started at the same time. */
  readonly startsAtOnce: number;
  /** The zebra of a router is about to be started. */
  readonly onStarting: (namespace: Namespace) => void;
  /** All daemons of a router run and answer. */
  readonly onStarted: (namespace: string) => void;
}

/** Carries out changes that `diffNode` found, in its order, many at a time where the order allows it. */
export class Executor {
  private readonly options: ExecutorOptions;

  constructor(options: ExecutorOptions) {
    this.options = options;
  }

  /**
   * What failed is returned; the rest is done. After `signal` no further daemon is started: what is wanted
   * has changed, and the caller looks anew.
   */
  async execute(
    changes: readonly Change[],
    desired: NodeState,
    observed: Observation,
    signal: AbortSignal,
  ): Promise<Failures> {
    const { kernel, environments, folder, calm, onLinksUp } = this.options;
    const failures = new Failures();
    const table = new LinkTable(observed);
    const links = new LinkProgrammer(kernel, environments, table, failures);
    const transports = new TransportProgrammer(kernel, environments, folder.usedKeys, failures);
    const daemons = new DaemonProgrammer(this.options, desired, failures);
    const of = <Kind extends Change['kind']>(...kinds: Kind[]) =>
      changes.filter((change): change is Extract<Change, { kind: Kind }> =>
        kinds.some((kind) => kind === change.kind),
      );

    await daemons.stop(of('stop-daemon'));
    await links.takeDown(linksOfLeaving(of('remove-vrf'), observed));
    await daemons.removeVrfs(of('remove-vrf'));
    await this.deleteEnvironments(of('delete-namespace'), failures);
    this.restoreNames(of('restore-namespace-name'), failures);
    await links.update(of('set-link-down', 'remove-route'));
    await links.remove(of('delete-link').filter(({ makesRoom }) => makesRoom));
    await links.update(of('remove-remote', 'remove-address'));
    const marks = marksOf(desired);
    const isVrf = ({ vrf }: { vrf: unknown }) => vrf !== null;
    const made = of('create-namespace');
    await this.createNamespaces(
      made.filter((change) => !isVrf(change)),
      marks,
      table,
      failures,
    );
    await this.createNamespaces(made.filter(isVrf), marks, table, failures);
    this.setForwarding(of('set-forwarding'), failures);
    await this.setFilters(of('set-filter'), failures);
    await transports.program(of('add-gue-port', 'add-association', 'set-policy'));
    await transports.program(of('set-tunnel-sources', 'set-protected-packets'));
    const created = of('create-link').filter((change) => !failures.has(change.namespace));
    await links.create(created);
    await links.update(of('set-link-alias', 'set-link-mtu', 'set-link-master'));
    await links.update(of('set-emulation', 'set-wireguard-keys', 'add-remote', 'add-address'));
    await daemons.setVrfs(of('set-vrf'), observed);
    await daemons.start(of('start-daemon'), signal);
    if (signal.aborted) return failures;
    await calm.begin(desired, of('start-daemon'));
    const ends = created.flatMap(({ namespace, link, peer }) =>
      peer === null ? [{ namespace, link }] : [{ namespace, link }, peer],
    );
    const up = [
      ...of('set-link-up'),
      ...ends.flatMap(({ namespace, link }) => (link.enabled ? [{ namespace, name: link.name }] : [])),
    ];
    const isShared = ({ namespace }: { namespace: string }) => daemons.serveVrfs(namespace);
    await daemons.configure(of('configure-daemon').filter(isShared));
    await links.remove(of('delete-link').filter(({ makesRoom }) => !makesRoom));
    // When a change makes hundreds of routers compute, it takes long to hear what a daemon took: no link waits for that.
    const configuring = daemons.configure(of('configure-daemon').filter((change) => !isShared(change)));
    await links.bringUp(up);
    onLinksUp(desired, up);
    await configuring;
    await links.update(of('add-route'));
    await transports.program(of('remove-policy', 'remove-association', 'remove-gue-port'));
    this.writeHosts(of('set-hosts'), failures);
    return failures;
  }

  private async deleteEnvironments(changes: readonly { namespace: string }[], failures: Failures) {
    const { kernel, frr, folder, environments } = this.options;
    // VRFs go before the namespace that they stand in.
    for (const turn of [changes.filter((change) => this.isVrf(change)), changes])
      await forEachAtOnce(turn, 64, ({ namespace }) =>
        attempt(failures, namespace, async () => {
          const mark = folder.markOf(namespace);
          if (mark === null) return;
          await frr.remove(namespace);
          kernel.vrfFolders.remove(namespace);
          environments.release(namespace);
          if (mark.vrf === null) kernel.deleteNamespace(namespace);
          else await environments.find(mark.vrf.of)?.deleteVrf(mark.name);
          removeHostsFile(namespace);
          folder.unmark(namespace);
        }),
      );
  }

  private isVrf({ namespace }: { namespace: string }): boolean {
    return (this.options.folder.markOf(namespace)?.vrf ?? null) !== null;
  }

  private restoreNames(changes: readonly { namespace: string }[], failures: Failures): void {
    const { kernel, environments } = this.options;
    for (const { namespace } of changes)
      attemptNow(failures, namespace, () => {
        const held = environments.find(namespace);
        if (held !== null) kernel.renameBack(held);
      });
  }

  private async createNamespaces(
    changes: readonly Extract<Change, { kind: 'create-namespace' }>[],
    marks: ReadonlyMap<string, Mark>,
    table: LinkTable,
    failures: Failures,
  ): Promise<void> {
    const { folder, environments } = this.options;
    for (let at = 0; at < changes.length; at += NAMESPACES_A_TURN) {
      const turn = changes.slice(at, at + NAMESPACES_A_TURN);
      await forEachAtOnce(turn, NAMESPACES_A_TURN, ({ namespace, vrf, ipv4, ipv6 }) =>
        attempt(failures, namespace, async () => {
          const mark = marks.get(namespace) ?? { namespace, overlay: '', name: '', vrf };
          folder.mark(mark);
          table.forget(namespace);
          if (vrf === null) writeForwarding(await environments.create(namespace), { ipv4, ipv6 });
          else await environments.createVrf(namespace, mark.name, vrf);
        }),
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private setForwarding(
    changes: readonly { namespace: string; ipv4: boolean; ipv6: boolean }[],
    failures: Failures,
  ): void {
    for (const { namespace, ipv4, ipv6 } of changes)
      attemptNow(failures, namespace, () => {
        const held = this.options.environments.find(namespace);
        if (held !== null) writeForwarding(held, { ipv4, ipv6 });
      });
  }

  private writeHosts(changes: readonly { namespace: string; text: string }[], failures: Failures): void {
    for (const { namespace, text } of changes)
      attemptNow(failures, namespace, () => writeHostsFile(namespace, text));
  }

  private async setFilters(
    changes: readonly Extract<Change, { kind: 'set-filter' }>[],
    failures: Failures,
  ): Promise<void> {
    await forEachAtOnce(changes, 16, ({ namespace, filter }) =>
      attempt(failures, namespace, async () =>
        this.options.environments.find(namespace)?.writeFilter(filter),
      ),
    );
  }
}

/** Of routers whose namespaces go while their shared daemons stay. */
function linksOfLeaving(
  changes: readonly { readonly leaving: string | null }[],
  { environments }: Observation,
): { namespace: string; name: string }[] {
  const leaving = new Set(changes.map((change) => change.leaving));
  return environments
    .filter(({ namespace }) => leaving.has(namespace))
    .flatMap(({ namespace, links }) => links.map(({ name }) => ({ namespace, name })));
}

function marksOf(desired: NodeState): ReadonlyMap<string, Mark> {
  const marks = desired.overlays.flatMap((overlay) =>
    overlay.environments.map(
      ({ namespace, name, vrf }): Mark => ({ namespace, overlay: overlay.name, name, vrf }),
    ),
  );
  return new Map(marks.map((mark) => [mark.namespace, mark]));
}
