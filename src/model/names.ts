/** An overlay's name: it begins every namespace's name, so it is short and has no underscore. */
export const OVERLAY_NAME = '^[a-z][a-z0-9-]{0,23}$';
/** A router's, host's or segment's name: an interface bears it, and Linux allows 15 bytes (IFNAMSIZ - 1). */
export const MEMBER_NAME = '^[a-z][a-z0-9-]{0,14}$';
export const NODE_NAME = '^[a-z][a-z0-9-]{0,31}$';

/**
 * Names that an interface cannot have: those with a meaning of their own, a segment's bridge and tunnel, and
 * the devices that Linux makes in every namespace by itself once a tunnel's module is loaded.
 */
export const RESERVED_MEMBER_NAMES: ReadonlySet<string> = new Set([
  ...['lo', 'all', 'default'],
  ...['br0', 'vxlan0'],
  ...['tunl0', 'gre0', 'gretap0', 'erspan0', 'sit0', 'ip6tnl0', 'ip6gre0'],
]);

export const MAX_INTERFACE_NAME_BYTES = 15;

/** The namespace and FRR pathspace of a router. Neither part holds an underscore, so no two pairs share a name. */
export function namespaceOf(overlay: string, member: string): string {
  return `${overlay}_${member}`;
}

/** A segment has a bridge on each node that has members, and namespaces of one machine share one folder. */
export function segmentNamespaceOf(overlay: string, segment: string, node: string): string {
  return `${overlay}_${segment}_${node}`;
}
