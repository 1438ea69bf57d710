/** An overlay's name: it begins every namespace's name, so it is short and has no underscore. */
export const OVERLAY_NAME = '^[a-z][a-z0-9-]{0,23}$';
/** A router's, host's or segment's name: an interface bears it, and Linux allows 15 bytes (IFNAMSIZ - 1). */
export const MEMBER_NAME = '^[a-z][a-z0-9-]{0,14}$';
export const NODE_NAME = '^[a-z][a-z0-9-]{0,31}$';

/**
 * Names that a member or link cannot have: those with a meaning of their own, a segment's bridge and tunnel, what the
 * link layer's namespaces, those of shared daemons and those of VRFs are called, and the devices that Linux makes in every namespace by itself once a tunnel's
 * module is loaded.
 */
export const RESERVED_MEMBER_NAMES: ReadonlySet<string> = new Set([
  ...['lo', 'all', 'default'],
  ...['br0', 'vxlan0', 'link', 'frr', 'vrf'],
  ...['tunl0', 'gre0', 'gretap0', 'erspan0', 'sit0', 'ip6tnl0', 'ip6gre0'],
]);

export const MAX_INTERFACE_NAME_BYTES = 15;

/** The namespace and FRR pathspace of a router. Neither part holds an underscore, so no two pairs share a name. */
export function namespaceOf(overlay: string, member: string): string {
  return `${overlay}_${member}`;
}

/** A segment has a bridge at each site that has members, and namespaces of one machine share one folder. */
export function segmentNamespaceOf(overlay: string, segment: string, site: string): string {
  return `${overlay}_${segment}_${site}`;
}

/** The link layer of an overlay at one site (`layers: 2`). */
export function linkLayerNamespaceOf(overlay: string, site: string): string {
  return `${overlay}_${LINK_LAYER}_${site}`;
}

/** The name of every link layer's environment: no member and no link has it. */
export const LINK_LAYER = 'link';

/** The namespace and pathspace of the FRR daemons that an overlay's routers on a node share (`instance: shared`). */
export function sharedFrrNamespaceOf(overlay: string, node: string): string {
  return `${overlay}_${SHARED_FRR}_${node}`;
}

/** The name of the environments of shared daemons: no member and no link has it. */
export const SHARED_FRR = 'frr';

/** The namespace that an overlay's routers on a node stand in as VRFs, with the daemons that they share (`isolation: vrf`). */
export function vrfNamespaceOf(overlay: string, node: string): string {
  return `${overlay}_${VRF}_${node}`;
}

const VRF = 'vrf';

/**
 * What an interface of a router that is a VRF is called, since it shares its namespace with those of other routers.
 * Its own addresses are the VRF's.
 */
export function vrfDeviceOf(router: string, name: string): string {
  return name === 'lo' ? router : `${router}.${name}`;
}

/** The router that has a device of such a name, and its VRF: no member's name has a dot. */
export function routerOfDevice(device: string): string {
  return device.replace(/\..*/, '');
}
