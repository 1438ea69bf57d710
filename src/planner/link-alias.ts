import type { LinkState } from '../model/node-state.ts';

/** Every interface that the product makes has an alias that begins so; others are never touched. */
export const LINK_MARK = 'vinet ';

const OVER = ' over ';

/** `vinet r1-r2`, or `vinet r1-r2 over base_r1` where another environment's network carries the tunnel. */
export function aliasOf(link: LinkState): string {
  const transport = link.kind === 'tunnel' && link.transport !== null ? `${OVER}${link.transport}` : '';
  return `${LINK_MARK}${link.link}${transport}`;
}

/** The network that carries a tunnel, null for the node's own; undefined when the alias is not ours. */
export function transportOf(alias: string): string | null | undefined {
  if (!alias.startsWith(LINK_MARK)) return undefined;
  const at = alias.indexOf(OVER);
  return at < 0 ? null : alias.slice(at + OVER.length);
}
