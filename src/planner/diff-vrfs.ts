import type { Change } from '../model/change.ts';
import { namespaceOf } from '../model/names.ts';
import type { OverlayState } from '../model/node-state.ts';
import type { ObservedEnvironment } from '../model/observation.ts';
import { holdsVrfs, servedRouters, sharedFrrOf } from './shared-frr.ts';

/** Which of the node's namespaces an overlay's shared daemons see. */
export function diffVrfs(
  overlay: OverlayState,
  observed: ReadonlyMap<string, ObservedEnvironment>,
): Change[] {
  const namespace = sharedFrrOf(overlay)?.namespace;
  // Linux's own VRFs the daemons find by themselves.
  if (namespace === undefined || holdsVrfs(overlay)) return [];
  const seen = observed.get(namespace)?.vrfs ?? [];
  const routers = servedRouters(overlay);
  const isPresent = (router: string) => seen.some(({ name, current }) => name === router && current);
  const isWanted = (vrf: string) => routers.some(({ name }) => name === vrf);
  return [
    ...routers
      .filter(({ name }) => !isPresent(name))
      .map((router): Change => ({ kind: 'set-vrf', namespace, name: router.name, of: router.namespace })),
    ...seen
      .filter(({ name }) => !isWanted(name))
      .map(({ name }): Change => {
        const stays = overlay.environments.some((environment) => environment.name === name);
        return {
          kind: 'remove-vrf',
          namespace,
          name,
          leaving: stays ? null : namespaceOf(overlay.name, name),
        };
      }),
  ];
}
