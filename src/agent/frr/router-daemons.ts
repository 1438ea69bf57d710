import type { NodeState } from '../../model/node-state.ts';
import type { DaemonName } from '../../model/routing-state.ts';
import { askOfVrf } from '../../model/vrf-question.ts';
import { daemonHomes } from '../../planner/shared-frr.ts';
import type { Frr } from './frr.ts';

interface Place {
  readonly pathspace: string;
  /** Null where the daemons serve this router alone. */
  readonly vrf: string | null;
}

/** Asks the daemons of a router, whether they are its own or serve others too. */
export class RouterDaemons {
  readonly #frr: Pick<Frr, 'ask'>;
  readonly #desired: () => NodeState | null;
  #known: NodeState | null = null;
  #places: ReadonlyMap<string, Place> = new Map();

  /** @param desired says which daemons serve which router */
  constructor(frr: Pick<Frr, 'ask'>, desired: () => NodeState | null) {
    this.#frr = frr;
    this.#desired = desired;
  }

  /** As `Frr.ask`, by the router's namespace and in the words that fit a router of its own. */
  async ask(namespace: string, daemon: DaemonName, command: string): Promise<unknown> {
    const { pathspace, vrf } = this.#placeOf(namespace);
    if (vrf === null) return this.#frr.ask(pathspace, daemon, command);
    const answer = await this.#frr.ask(pathspace, daemon, askOfVrf(command, vrf) ?? command);
    return withoutVrf(answer, vrf);
  }

  #placeOf(namespace: string): Place {
    const desired = this.#desired();
    if (desired !== this.#known) {
      this.#known = desired;
      this.#places = new Map(desired === null ? [] : placesOf(desired));
    }
    return this.#places.get(namespace) ?? { pathspace: namespace, vrf: null };
  }
}

function placesOf({ overlays }: NodeState): [string, Place][] {
  return overlays.flatMap((overlay) => {
    const homeOf = daemonHomes(overlay);
    return overlay.environments.map((environment): [string, Place] => {
      const { name, namespace } = environment;
      const pathspace = homeOf(environment);
      return [namespace, { pathspace, vrf: pathspace === namespace ? null : name }];
    });
  });
}

/** FRR puts what it says about a VRF under the VRF's name. */
function withoutVrf(answer: unknown, vrf: string): unknown {
  if (typeof answer !== 'object' || answer === null || !Object.hasOwn(answer, vrf)) return answer;
  return (answer as Readonly<Record<string, unknown>>)[vrf];
}
