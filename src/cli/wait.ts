import { setTimeout as delay } from 'node:timers/promises';
import type { OverlaySummary, RouterView } from '../model/api.ts';
import { VinetError } from '../model/vinet-error.ts';
import { type ApiClient, ApiError, apiPath, isTransient } from './api-client.ts';
import type { Progress } from './progress.ts';

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly pollMs: number;
  readonly progress: Progress;
}

export const DEFAULT_POLL_MS = 200;

/**
 * Resolves once the overlay is ready at this revision or a later one: every router has every route. Resolves
 * with the convergence time in ms. A controller that is away is asked again. Fails with `timeout`, naming the
 * routers that lack something, and with `not-found` when the overlay was deleted meanwhile.
 */
export async function waitUntilReady(
  client: ApiClient,
  overlay: string,
  revision: number,
  options: WaitOptions,
): Promise<number> {
  const startedAt = Date.now();
  const summary = await poll(client, overlay, options, (present) => {
    if (present === null) throw new VinetError('not-found', `overlay ${overlay} was deleted meanwhile`);
    options.progress.update(describe(present));
    return present.phase === 'ready' && present.revision >= revision ? present : undefined;
  });
  if (summary === undefined) throw await whatIsMissing(client, overlay, options.timeoutMs);
  return summary.convergenceMs ?? Date.now() - startedAt;
}

/** Resolves once nothing of the overlay is left. Fails with `timeout`, naming the routers that remain. */
export async function waitUntilGone(client: ApiClient, overlay: string, options: WaitOptions): Promise<void> {
  const gone = await poll(client, overlay, options, (present) => {
    if (present === null) return true;
    options.progress.update(`deleting ${overlay}, ${present.routers.total} routers: ${present.message}`);
    return undefined;
  });
  if (gone === undefined) throw await whatIsMissing(client, overlay, options.timeoutMs);
}

/** Resolves once the overlay's keys are new on every node. Fails with `timeout`, naming the nodes that are waited for. */
export async function waitUntilRotated(
  client: ApiClient,
  overlay: string,
  options: WaitOptions,
): Promise<void> {
  let late: readonly string[] = [];
  const done = await poll(client, overlay, options, (present) => {
    if (present === null) throw new VinetError('not-found', `overlay ${overlay} was deleted meanwhile`);
    late = present.keys?.waitingFor ?? [];
    options.progress.update(`new keys for ${overlay}: waiting for ${late.join(', ')}`);
    return present.keys?.rotating === true ? undefined : true;
  });
  if (done === undefined) {
    const words = `overlay ${overlay}: not done after ${options.timeoutMs / 1000} s`;
    throw new VinetError('timeout', late.length === 0 ? words : `${words}; waiting for ${late.join(', ')}`);
  }
}

/** Asks until `decide` has an answer; undefined when time ran out. Null stands for an overlay that is not there. */
async function poll<T>(
  client: ApiClient,
  overlay: string,
  options: WaitOptions,
  decide: (present: OverlaySummary | null) => T | undefined,
): Promise<T | undefined> {
  const deadline = Date.now() + options.timeoutMs;
  while (Date.now() < deadline) {
    try {
      const answer = decide(await readSummary(client, overlay));
      if (answer !== undefined) return answer;
    } catch (error) {
      if (!isTransient(error)) throw error;
      options.progress.update(`the controller at ${client.address} is away; asking again`);
    }
    await delay(Math.min(options.pollMs, Math.max(0, deadline - Date.now())));
  }
  return undefined;
}

async function readSummary(client: ApiClient, overlay: string): Promise<OverlaySummary | null> {
  try {
    return await client.send<OverlaySummary>({ path: apiPath(['overlays', overlay]), idleTimeoutMs: 5000 });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

function describe({ name, phase, message, routers, routes }: OverlaySummary): string {
  // Before routers run there are no routes to count; a failure is told while it is still waited for.
  if ((phase === 'deploying' || phase === 'degraded') && message !== '')
    return `${name} ${phase}: ${message}`;
  return `${name} ${phase}: routers ready ${routers.ready}/${routers.total}, routes ${routes.have}/${routes.want}`;
}

const MOST_NAMED = 20;

async function whatIsMissing(client: ApiClient, overlay: string, timeoutMs: number): Promise<VinetError> {
  const late = `overlay ${overlay}: not done after ${timeoutMs / 1000} s`;
  try {
    const { routers } = await client.send<{ routers: RouterView[] }>({
      path: apiPath(['overlays', overlay, 'routers']),
      idleTimeoutMs: 5000,
    });
    const lacking = routers.filter((router) => router.phase !== 'ready');
    const named = lacking.slice(0, MOST_NAMED).map(describeRouter).join('; ');
    const more = lacking.length > MOST_NAMED ? `; and ${lacking.length - MOST_NAMED} more` : '';
    return new VinetError('timeout', lacking.length === 0 ? late : `${late}; ${named}${more}`);
  } catch (error) {
    return new VinetError('timeout', late, { cause: error });
  }
}

function describeRouter({ name, node, phase, message, neighbors, routes }: RouterView): string {
  const counts = `${neighbors.have}/${neighbors.want} neighbours, ${routes.have}/${routes.want} routes`;
  return `${name} on ${node} ${phase} with ${counts}${message === '' ? '' : ` (${message})`}`;
}
