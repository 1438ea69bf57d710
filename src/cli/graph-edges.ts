import type { LinkView, RouterView } from '../model/api.ts';

/** A router or host, as drawings have it. */
export type GraphMember = Pick<RouterView, 'name' | 'node'>;

/** A line of a drawing. */
export interface GraphEdge {
  readonly from: string;
  /** A router, or the segment that `from` has an interface to. */
  readonly to: string;
  readonly kind: LinkView['kind'];
  readonly cost: number | null;
}

/** Links as lines between two routers, segments as lines from each of their routers to a point. */
export function edgesOf(links: readonly LinkView[]): GraphEdge[] {
  return links.flatMap(({ name, kind, ends }): GraphEdge[] => {
    const [first, second] = ends;
    if (kind === 'segment') return ends.map((end) => ({ from: end.router, to: name, kind, cost: end.cost }));
    return first === undefined || second === undefined
      ? []
      : [{ from: first.router, to: second.router, kind, cost: first.cost }];
  });
}
