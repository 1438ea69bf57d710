import type { Overlay } from './overlay.ts';

/**
 * A host in several overlays, or one that is to outlive each of its routers, stands behind an internal router, in an
 * environment of its own. That is a router of the host's home like any other; to every other overlay it speaks BGP, as a
 * customer of several providers does.
 */
export function internalRouterOf(host: string): string {
  return `${host}${SUFFIX}`;
}

export function hasInternalRouter({ overlays }: Pick<HostSpec, 'overlays'>): boolean {
  return overlays !== undefined;
}

/** The host whose internal router this is; undefined where it is a router like any other. */
export function hostBehind(hosts: readonly HostSpec[] | undefined, router: string): HostSpec | undefined {
  if (!router.endsWith(SUFFIX)) return undefined;
  return hosts?.find((host) => hasInternalRouter(host) && internalRouterOf(host.name) === router);
}

/** Names of hosts and of their internal routers: of their links a file only says what they are like. */
export function hostSideNames(hosts: readonly HostSpec[] = []): Set<string> {
  return new Set(
    hosts.flatMap((host) =>
      hasInternalRouter(host) ? [host.name, internalRouterOf(host.name)] : [host.name],
    ),
  );
}

/** The routers that a host is attached to. */
export function attachedTo({ attach }: Pick<HostSpec, 'attach'>): readonly string[] {
  return Array.isArray(attach) ? attach : [attach];
}

const SUFFIX = '-gw';

type HostSpec = NonNullable<Overlay['spec']['hosts']>[number];
