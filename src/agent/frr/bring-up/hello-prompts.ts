import { vrfDeviceOf } from '../../../model/names.ts';
import type { EnvironmentState, NodeState, OverlayState } from '../../../model/node-state.ts';
import { daemonHomes } from '../../../planner/shared-frr.ts';
import { groupBy } from '../../reconciler/group-by.ts';
import { forEachAtOnce } from '../../reconciler/worker-pool.ts';
import type { Frr } from '../frr.ts';
import { recordOf, recordsOf } from '../json-answer.ts';
import type { RouterDaemons } from '../router-daemons.ts';

/** Looks after a link came up. FRR says hello by itself when it does, then once an interval, which is 1 to 10 s. */
const LOOKS_MS = [30, 50, 100, 200, 400, 800, 1_600, 3_200, 3_200];
const ROUTERS_AT_ONCE = 16;

export interface HelloPromptsOptions {
  readonly frr: Pick<Frr, 'sayHello'>;
  readonly routers: Pick<RouterDaemons, 'ask'>;
}

/** An interface of a namespace. */
export interface LinkEnd {
  readonly namespace: string;
  readonly name: string;
}

/** A router and those of its interfaces, by what FRR calls them, on which nobody is a neighbour yet. */
interface Waiting {
  readonly namespace: string;
  readonly pathspace: string;
  /** Headers of their sections in the configuration. */
  readonly interfaces: ReadonlyMap<string, string>;
}

/**
 * The end of a link that comes up first says its hello to nobody, and then waits for its next turn although it has
 * heard the other one meanwhile. Whoever has heard a neighbour that has not heard him (Init, RFC 2328 10.1) is told
 * here to say hello now.
 */
export class HelloPrompts {
  private readonly options: HelloPromptsOptions;
  private closed = false;

  constructor(options: HelloPromptsOptions) {
    this.options = options;
  }

  /** Links came up. Resolves when they have neighbours, or nothing more can be done for them. */
  async prompt(desired: NodeState, ends: readonly LinkEnd[]): Promise<void> {
    const up = groupBy(ends, ({ namespace }) => namespace);
    let waiting = desired.overlays.flatMap((overlay) => waitingOf(overlay, up));
    for (const ms of LOOKS_MS) {
      if (waiting.length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, ms).unref());
      if (this.closed) return;
      const left: Waiting[] = [];
      await forEachAtOnce(waiting, ROUTERS_AT_ONCE, async (one) => {
        left.push(...(await this.look(one)));
      });
      waiting = left;
    }
  }

  close(): void {
    this.closed = true;
  }

  /** @returns what is still to be waited for */
  private async look({ interfaces, ...router }: Waiting): Promise<Waiting[]> {
    const { frr, routers } = this.options;
    try {
      const states = statesByInterface(
        await routers.ask(router.namespace, 'ospfd', 'show ip ospf neighbor json'),
      );
      const isNew = (device: string) => states.get(device)?.every((state) => state === 'Init') ?? true;
      const left = new Map([...interfaces].filter(([device]) => isNew(device)));
      const heard = [...left].flatMap(([device, header]) => (states.has(device) ? [header] : []));
      if (heard.length > 0) await frr.sayHello(router.pathspace, heard);
      return left.size === 0 ? [] : [{ ...router, interfaces: left }];
    } catch {
      // Without its ospfd, whose start will say hello.
      return [];
    }
  }
}

function waitingOf(overlay: OverlayState, up: ReadonlyMap<string, readonly LinkEnd[]>): Waiting[] {
  const homeOf = daemonHomes(overlay);
  return overlay.environments.flatMap((environment) => {
    const { namespace, routing } = environment;
    const names = new Set(up.get(namespace)?.map(({ name }) => name));
    const speaking =
      routing?.ospf?.interfaces.filter(({ name, passive }) => names.has(name) && !passive) ?? [];
    if (speaking.length === 0) return [];
    const pathspace = homeOf(environment);
    const interfaces = new Map(speaking.map(({ name }) => headerOf(environment, name, pathspace)));
    return [{ namespace, pathspace, interfaces }];
  });
}

/** What FRR calls an interface of a router, and the section that configures it. */
function headerOf({ name: router, namespace, vrf }: EnvironmentState, name: string, pathspace: string) {
  if (vrf !== null) {
    const device = vrfDeviceOf(router, name);
    return [device, `interface ${device}`] as const;
  }
  const place = pathspace === namespace ? '' : ` vrf ${router}`;
  return [name, `interface ${name}${place}`] as const;
}

/** From `{neighbors: {ROUTER-ID: [{ifaceName: "r2:10.128.0.0", nbrState: "Init/-"}]}}`; the answer may be anything. */
function statesByInterface(answer: unknown): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const { neighbors } = recordOf(answer);
  for (const list of Object.values(recordOf(neighbors)))
    for (const { ifaceName, nbrState, state } of recordsOf(list)) {
      const device = String(ifaceName ?? '').split(':')[0] ?? '';
      const word = String(nbrState ?? state ?? '').split('/')[0] ?? '';
      found.set(device, [...(found.get(device) ?? []), word]);
    }
  return found;
}
