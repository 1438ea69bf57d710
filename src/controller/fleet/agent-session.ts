import type { Node } from '../../model/node.ts';
import type { NodeState } from '../../model/node-state.ts';
import { VinetError } from '../../model/vinet-error.ts';
import type { AgentStream } from '../../rpc/fleet-server.ts';
import type { FleetReply, FleetRequest } from '../../rpc/request-codec.ts';

/** A registered agent, from its registration to the end of its stream. */
export interface AgentSession {
  readonly node: Node;
  /**
   * Asks and waits for the answer. Fails with `timeout`, `not-connected` (the stream ended meanwhile) or,
   * where the agent itself says that it failed, with the agent's code and words.
   */
  request(request: FleetRequest, deadlineMs: number): Promise<Exclude<FleetReply, { kind: 'failed' }>>;
  /** Says something that needs no answer. */
  tell(request: FleetRequest): void;
  desire(state: NodeState): void;
  /** Takes an answer that came by the stream. */
  answer(id: number, reply: FleetReply): void;
  /** The stream is over: everybody who still waits is told. */
  end(): void;
}

export function openAgentSession(stream: AgentStream, node: Node): AgentSession {
  const waiting = new Map<number, (reply: FleetReply) => void>();
  let lastId = 0;
  const gone: FleetReply = {
    kind: 'failed',
    code: 'not-connected',
    message: `the connection to node ${node.name} ended before it answered`,
  };

  function ask(request: FleetRequest, deadlineMs: number): Promise<FleetReply> {
    lastId += 1;
    const id = lastId;
    return new Promise((resolve) => {
      const settle = (reply: FleetReply) => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(reply);
      };
      const message = `node ${node.name} did not answer within ${deadlineMs / 1000} s`;
      const timer = setTimeout(settle, deadlineMs, { kind: 'failed', code: 'timeout', message });
      waiting.set(id, settle);
      if (!stream.send({ kind: 'request', id, request })) settle(gone);
    });
  }

  return {
    node,
    async request(request, deadlineMs) {
      const reply = await ask(request, deadlineMs);
      if (reply.kind !== 'failed') return reply;
      throw new VinetError(reply.code, reply.message, { context: { node: node.name } });
    },
    tell(request) {
      lastId += 1;
      stream.send({ kind: 'request', id: lastId, request });
    },
    desire: (state) => void stream.sendLatest({ kind: 'desired', state }),
    // An answer that nobody waits for any more came after its deadline.
    answer: (id, reply) => waiting.get(id)?.(reply),
    end() {
      for (const settle of [...waiting.values()]) settle(gone);
    },
  };
}
