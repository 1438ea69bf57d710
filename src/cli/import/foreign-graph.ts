/** A graph as another program wrote it: what GML and GraphML have in common. Pure data; nothing is interpreted yet. */
export interface ForeignGraph {
  readonly attributes: Attributes;
  readonly nodes: readonly ForeignNode[];
  readonly edges: readonly ForeignEdge[];
  /** What of the file was not read, as sentences for a person. */
  readonly notes: readonly string[];
}

export interface ForeignNode {
  /** As text, also where the file has a number: no digit is lost. */
  readonly id: string;
  /** Contains other nodes, as a frame around them in a drawing. */
  readonly isGroup: boolean;
  readonly attributes: Attributes;
  readonly position: Position;
}

export interface ForeignEdge {
  /** Ids of nodes: two, or any number for a hyperedge. */
  readonly ends: readonly string[];
  /** Says one direction only: the way back may be another edge. */
  readonly isDirected: boolean;
  readonly attributes: Attributes;
  readonly position: Position;
}

/** Names in lower case, since writers disagree about it; of a repeated one the first. */
export type Attributes = ReadonlyMap<string, string>;

/** Both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Attributes that mean something to an import; readers may leave others away. */
export const USED_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...['label', 'name', 'network', 'hyperedge'],
  ...['linkspeedraw', 'linkspeed', 'linkspeedunits'],
]);

/** What a person calls the node; empty where the file does not say. */
export function labelOf({ attributes }: ForeignNode): string {
  return (attributes.get('label') || attributes.get('name') || '').trim();
}

/** What the graph itself is called; empty where the file does not say. */
export function titleOf({ attributes }: ForeignGraph): string {
  return (attributes.get('label') || attributes.get('network') || attributes.get('name') || '').trim();
}

/** A point of a drawing where links meet, which need not be a router (Internet Topology Zoo). */
export function isMeetingPoint({ attributes }: ForeignNode): boolean {
  return ['1', 'true'].includes((attributes.get('hyperedge') ?? '').trim().toLowerCase());
}

/** Bits per second, from the attributes that the Internet Topology Zoo uses; null where they say nothing. */
export function speedOf({ attributes }: ForeignEdge): number | null {
  const raw = readSpeed(attributes.get('linkspeedraw'));
  if (raw !== null) return raw;
  const speed = readSpeed(attributes.get('linkspeed'));
  const unit = UNIT_BPS[(attributes.get('linkspeedunits') ?? '').trim().toUpperCase()];
  return speed === null || unit === undefined ? null : speed * unit;
}

const UNIT_BPS: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

function readSpeed(text: string | undefined): number | null {
  const speed = Number((text ?? '').trim() || Number.NaN);
  return Number.isFinite(speed) && speed > 0 ? speed : null;
}
