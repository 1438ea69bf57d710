import { linkFarEnds } from '../../model/link-address.ts';
import type { LinkState } from '../../model/node-state.ts';
import type { Namespace } from '../kernel/kernel.ts';
import type { Round } from '../reconciler/reconciler.ts';
import { unsettledNamespaces } from '../reconciler/unsettled.ts';

/** Links are looked at once the node has been quiet for this long: a deployment goes first. */
const QUIET_MS = 3_000;
/** Pauses before a far end that kept silent is asked again; then it is left until something changes. */
const RETRIES = 5;

/** Whether a packet of `bytes` came back from `address` without having been fragmented. */
export type Probe = (namespace: Namespace, address: string, bytes: number) => Promise<boolean>;

export interface MtuWatchOptions {
  readonly find: (namespace: string) => Namespace | null;
  readonly probe: Probe;
  /** A link was found to lose its largest packets, or no longer to. */
  readonly onChange: (namespace: string) => void;
}

/**
 * Sends a packet of a tunnel's full MTU, not to be fragmented, to its far end, each time that the tunnel was made or
 * given another MTU. A network on the way that carries less than it says loses large packets without a word, and
 * routing does not notice.
 */
export class MtuWatch {
  private readonly options: MtuWatchOptions;
  /** By namespace and interface: what is to be looked at, or was. */
  private readonly links = new Map<string, Watched>();
  private timer: NodeJS.Timeout | null = null;
  private working = false;
  private closed = false;

  constructor(options: MtuWatchOptions) {
    this.options = options;
  }

  /** Every tunnel that stands as declared; those no longer wanted are forgotten. */
  follow(round: Round): void {
    const unsettled = unsettledNamespaces(round.changes);
    const wanted = new Map<string, Watched>();
    for (const { environments } of round.desired.overlays)
      for (const { namespace, links } of environments)
        for (const link of links) {
          const watched = this.watch(round, namespace, link);
          if (watched !== null && !unsettled.has(namespace)) wanted.set(`${namespace} ${link.name}`, watched);
        }
    for (const key of this.links.keys()) if (!wanted.has(key)) this.links.delete(key);
    for (const [key, watched] of wanted)
      if (this.links.get(key)?.identity !== watched.identity) this.links.set(key, watched);
    this.schedule();
  }

  /** Empty when all is well or nothing is known yet. */
  complaintOf(namespace: string): string {
    const blocked = [...this.links.values()].filter(
      (watched) => watched.namespace === namespace && watched.state === 'blocked',
    );
    return blocked.map(({ link, mtu }) => `packets of ${mtu} bytes do not pass link ${link}`).join('; ');
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private watch(round: Round, namespace: string, link: LinkState): Watched | null {
    const [address] = linkFarEnds(link.addresses);
    if (link.kind !== 'tunnel' || !link.enabled || address === undefined) return null;
    const index = round.observed.environments
      .find((environment) => environment.namespace === namespace)
      ?.links.find(({ name }) => name === link.name)?.index;
    const identity = `${index} ${link.mtu} ${address}`;
    const { mtu } = link;
    return { identity, namespace, link: link.link, address, mtu, state: 'unknown', retries: RETRIES };
  }

  private schedule(): void {
    if (this.closed || this.working) return;
    if (this.timer !== null) clearTimeout(this.timer);
    if (![...this.links.values()].some(isOpen)) return;
    this.timer = setTimeout(() => void this.work(), QUIET_MS);
    this.timer.unref();
  }

  private async work(): Promise<void> {
    this.working = true;
    for (const watched of [...this.links.values()].filter(isOpen)) {
      const namespace = this.closed ? null : this.options.find(watched.namespace);
      if (namespace === null) continue;
      const before = watched.state;
      watched.state = await this.look(namespace, watched);
      if (watched.state === 'unknown') watched.retries -= 1;
      if ((watched.state === 'blocked') !== (before === 'blocked')) this.options.onChange(watched.namespace);
    }
    this.working = false;
    this.schedule();
  }

  private async look(namespace: Namespace, { address, mtu }: Watched): Promise<Watched['state']> {
    try {
      if (await this.options.probe(namespace, address, mtu)) return 'passes';
      return (await this.options.probe(namespace, address, SMALL_BYTES)) ? 'blocked' : 'unknown';
    } catch {
      // The namespace may go between two probes.
      return 'unknown';
    }
  }
}

interface Watched {
  /** What makes another look necessary: another device, MTU or far end. */
  readonly identity: string;
  readonly namespace: string;
  readonly link: string;
  readonly address: string;
  readonly mtu: number;
  state: 'unknown' | 'passes' | 'blocked';
  retries: number;
}

const SMALL_BYTES = 100;

function isOpen({ state, retries }: Watched): boolean {
  return state === 'unknown' && retries > 0;
}
