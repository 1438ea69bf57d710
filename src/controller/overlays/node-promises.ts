import { randomUUID } from 'node:crypto';
import type { ChangeSummary } from '../../model/change.ts';
import type { NodeState } from '../../model/node-state.ts';
import { errorText } from '../../model/vinet-error.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { explainAway } from './health.ts';

/** Why a node will not do what it is asked, in a sentence. */
export interface Refusal {
  readonly node: string;
  readonly reason: string;
}

/** The first half of a deploy: what every concerned node promised, or who did not. */
export type Promises =
  | {
      readonly ok: true;
      readonly changes: ReadonlyMap<string, readonly ChangeSummary[]>;
      /** Takes the promises back; what they reserved is free again. */
      release(): void;
    }
  | { readonly ok: false; readonly refusals: readonly Refusal[] };

export interface PromiseRequest {
  readonly nodes: readonly string[];
  readonly states: ReadonlyMap<string, NodeState>;
  /** Only look: nothing is reserved. */
  readonly dryRun: boolean;
  readonly deadlineMs: number;
  readonly seen: ReadonlyMap<string, string>;
}

/**
 * Asks all nodes at once. Unless each of them agrees, those that were asked are told to forget it, also those
 * that were silent, for their answer may only be late.
 */
export async function collectPromises(fleet: Fleet, request: PromiseRequest): Promise<Promises> {
  const { nodes, dryRun } = request;
  const away = nodes.filter((node) => !fleet.isConnected(node));
  if (away.length > 0) {
    return { ok: false, refusals: away.map((node) => ({ node, reason: explainAway(node, request.seen) })) };
  }
  const transaction = randomUUID();
  const release = () => {
    if (dryRun) return;
    for (const node of nodes) fleet.tell(node, { kind: 'abort', transaction });
  };
  const answers = await Promise.all(nodes.map((node) => askOne(fleet, node, transaction, request)));
  const refusals = answers.flatMap(({ refused }) => refused);
  if (refusals.length === 0) {
    return { ok: true, changes: new Map(answers.map(({ node, changes }) => [node, changes])), release };
  }
  release();
  return { ok: false, refusals };
}

interface Answer {
  readonly node: string;
  readonly changes: readonly ChangeSummary[];
  readonly refused: readonly Refusal[];
}

async function askOne(
  fleet: Fleet,
  node: string,
  transaction: string,
  { states, dryRun, deadlineMs }: PromiseRequest,
): Promise<Answer> {
  const refuse = (...reasons: readonly string[]) => ({
    node,
    changes: [],
    refused: reasons.map((reason) => ({ node, reason })),
  });
  const candidate = states.get(node);
  if (candidate === undefined) return refuse(`node ${node} is not known`);
  try {
    const reply = await fleet.request(node, { kind: 'prepare', transaction, candidate, dryRun }, deadlineMs);
    if (reply.kind !== 'prepared') return refuse('its agent answered with something else');
    if (reply.refusals.length > 0) return refuse(...reply.refusals);
    return { node, changes: reply.changes, refused: [] };
  } catch (error) {
    return refuse(errorText(error));
  }
}
