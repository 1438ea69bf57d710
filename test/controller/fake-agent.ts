import type { Node } from '../../src/model/node.ts';
import type { EnvironmentState, NodeState } from '../../src/model/node-state.ts';
import { DAEMONS } from '../../src/model/routing-state.ts';
import type { EnvironmentStatus, NodeStatus } from '../../src/model/status.ts';
import { VinetError } from '../../src/model/vinet-error.ts';
import { connectFleet, type FleetSession } from '../../src/rpc/fleet-client.ts';
import type { FleetReply, FleetRequest } from '../../src/rpc/request-codec.ts';

export interface FakeAgentOptions {
  readonly address: string;
  readonly name: string;
  readonly token?: string;
  readonly node?: Partial<Node>;
  /** Says at once that everything that is desired is as it should be; true unless said. */
  readonly obedient?: boolean;
  /** Answers a request in place of the agent's own answer; undefined leaves it to that. */
  readonly answer?: (request: FleetRequest, agent: FakeAgent) => Promise<FleetReply> | FleetReply | undefined;
}

/** An agent without a node: it speaks the real protocol over a real connection, and does as a test wants. */
export class FakeAgent {
  readonly requests: FleetRequest[] = [];
  readonly states: NodeState[] = [];
  readonly session: FleetSession;
  readonly #options: FakeAgentOptions;
  #welcomed = false;

  constructor(options: FakeAgentOptions) {
    this.#options = options;
    this.session = connectFleet({
      address: options.address,
      token: options.token ?? '',
      tls: null,
      node: nodeOf(options.name, options.node),
      onWelcome: () => {
        this.#welcomed = true;
      },
      onDesired: (state) => {
        this.states.push(state);
        if (options.obedient ?? true) this.report(state.revision, 'ready');
      },
      onRequest: async (request) => {
        this.requests.push(request);
        return (await options.answer?.(request, this)) ?? this.#answer(request);
      },
    });
  }

  get welcomed(): boolean {
    return this.#welcomed;
  }

  get desired(): NodeState {
    const state = this.states.at(-1);
    if (state === undefined) throw new Error(`agent ${this.#options.name} was sent no state`);
    return state;
  }

  /** Reports every environment of the last desired state in this phase. */
  report(
    revision: number,
    phase: EnvironmentStatus['phase'],
    message = '',
    routeChanges: NodeStatus['overlays'][number]['routeChanges'] = null,
    lostGenerations: readonly number[] = [],
  ): void {
    const overlays = this.desired.overlays.map(({ name, environments, destinations }) => ({
      name,
      environments: environments.map((one) => statusOf(one, phase, message, destinations.length - 1)),
      routeChanges,
      lostGenerations,
    }));
    this.send({ revision, overlays: overlays.filter(({ environments }) => environments.length > 0) });
  }

  send(status: NodeStatus): void {
    this.session.sendStatus(status);
  }

  async close(): Promise<void> {
    this.session.close();
    await this.session.closed;
  }

  #answer(request: FleetRequest): FleetReply {
    switch (request.kind) {
      case 'prepare':
        return {
          kind: 'prepared',
          refusals: [],
          changes: request.candidate.overlays.flatMap(({ environments }) =>
            environments.map(({ namespace }) => ({
              action: 'create' as const,
              namespace,
              object: `namespace ${namespace}`,
              detail: '',
            })),
          ),
        };
      case 'abort':
        return { kind: 'done' };
      default:
        throw new VinetError('unsupported', `the fake agent cannot ${request.kind}`);
    }
  }
}

export function nodeOf(name: string, node: Partial<Node> = {}): Node {
  return {
    name,
    underlay: [`192.0.2.${Number(name.replace(/\D/g, '')) || 250}`],
    mtu: 1500,
    capabilities: {
      kernel: '6.1.0',
      linkKinds: ['veth', 'vxlan', 'bridge'],
      features: ['nftables', 'tbf'],
      frr: '8.4.4',
      frrRemark: '',
      daemons: [...DAEMONS],
    },
    limits: { members: 1000 },
    metrics: `127.0.0.1:${9000 + (Number(name.replace(/\D/g, '')) || 0)}`,
    version: '0.1.0',
    ...node,
  };
}

function statusOf(
  { name, role, namespace }: EnvironmentState,
  phase: EnvironmentStatus['phase'],
  message: string,
  want: number,
): EnvironmentStatus {
  const have = phase === 'ready' ? want : 0;
  const routes = role === 'router' ? { have, want } : { have: 0, want: 0 };
  return { name, role, namespace, phase, message, routes, neighbors: { have: 0, want: 0 }, daemons: [] };
}
