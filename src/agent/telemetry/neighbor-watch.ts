import { errorText } from '../../model/vinet-error.ts';
import type { Frr } from '../frr/frr.ts';

/** Every router's neighbours are asked for at least this often. */
const PERIOD_MS = 10_000;

/** OSPF neighbours by state (RFC 2328, 10.1), such as `Full`. */
export type NeighborTally = ReadonlyMap<string, number>;

/** Knows each router's OSPF neighbours: asked soon after `look`, and in turn all the time. */
export class NeighborWatch {
  private readonly frr: Frr;
  private readonly onChange: (namespace: string) => void;
  private readonly onError: (message: string) => void;
  private readonly tallies = new Map<string, NeighborTally>();
  private readonly soon = new Set<string>();
  private turn: readonly string[] = [];
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(
    frr: Frr,
    options: { onChange: (namespace: string) => void; onError: (message: string) => void },
  ) {
    this.frr = frr;
    this.onChange = options.onChange;
    this.onError = options.onError;
  }

  follow(namespace: string): void {
    if (this.tallies.has(namespace)) return;
    this.tallies.set(namespace, new Map());
    this.look(namespace);
  }

  unfollow(namespace: string): void {
    this.tallies.delete(namespace);
    this.soon.delete(namespace);
  }

  /** Something happened to this router; ask it before the others. */
  look(namespace: string): void {
    this.soon.add(namespace);
    this.schedule();
  }

  tallyOf(namespace: string): NeighborTally {
    return this.tallies.get(namespace) ?? new Map();
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private schedule(): void {
    if (this.timer !== null || this.closed || this.tallies.size === 0) return;
    const pauseMs = this.soon.size > 0 ? 10 : PERIOD_MS / this.tallies.size;
    this.timer = setTimeout(() => void this.askNext(), pauseMs);
    this.timer.unref();
  }

  private async askNext(): Promise<void> {
    const namespace = this.next();
    if (namespace !== undefined && this.tallies.has(namespace)) await this.ask(namespace);
    this.timer = null;
    this.schedule();
  }

  private next(): string | undefined {
    const [first] = this.soon;
    if (first !== undefined) {
      this.soon.delete(first);
      return first;
    }
    if (this.turn.length === 0) this.turn = [...this.tallies.keys()];
    const [head, ...rest] = this.turn;
    this.turn = rest;
    return head;
  }

  private async ask(namespace: string): Promise<void> {
    let tally: NeighborTally = new Map();
    try {
      tally = tallyNeighbors(await this.frr.ask(namespace, 'ospfd', 'show ip ospf neighbor json'));
    } catch (error) {
      this.onError(`neighbours of ${namespace}: ${errorText(error)}`);
    }
    const before = this.tallies.get(namespace);
    if (before === undefined) return;
    this.tallies.set(namespace, tally);
    if ([...tally].join() !== [...before].join()) this.onChange(namespace);
  }
}

/** From `show ip ospf neighbor json`: `{neighbors: {ROUTER-ID: [{nbrState: "Full/DR"}]}}`; FRR 8 says `state`. */
export function tallyNeighbors(answer: unknown): NeighborTally {
  const tally = new Map<string, number>();
  for (const list of Object.values(record(record(answer).neighbors)))
    for (const neighbor of Array.isArray(list) ? list : []) {
      const { nbrState, state } = record(neighbor);
      const name = String(nbrState ?? state ?? 'Unknown').split('/')[0] ?? 'Unknown';
      tally.set(name, (tally.get(name) ?? 0) + 1);
    }
  return tally;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
