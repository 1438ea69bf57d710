import { setTimeout as delay } from 'node:timers/promises';
import type { UpgradeBody } from '../model/api.ts';
import { VinetError } from '../model/vinet-error.ts';
import { type ApiClient, apiPath, isTransient } from './api-client.ts';
import { createProgress, type Progress } from './progress.ts';
import type { Terminal } from './terminal.ts';
import { DEFAULT_POLL_MS } from './wait.ts';

export interface UpgradeOptions {
  /** End an upgrade instead of beginning one. */
  readonly abort: boolean;
  /** Null: do not wait. */
  readonly waitMs: number | null;
  readonly pollMs?: number;
}

/** Has outdated daemons of FRR started anew, or ends that; nodes none: everywhere. */
export async function runUpgrade(
  client: ApiClient,
  nodes: readonly string[],
  { abort, waitMs, pollMs = DEFAULT_POLL_MS }: UpgradeOptions,
  terminal: Terminal,
): Promise<void> {
  const path = apiPath(['upgrade']);
  if (abort) {
    await client.send<UpgradeBody>({ method: 'DELETE', path });
    return terminal.write('the upgrade was ended; what was drained gets its traffic back\n');
  }
  const begun = await client.send<UpgradeBody>({
    method: 'POST',
    path,
    contentType: 'application/json',
    body: JSON.stringify({ nodes }),
  });
  if (waitMs === null) return terminal.write(`${begun.total} sets of daemons are being started anew\n`);
  const progress = createProgress(terminal);
  try {
    await waitUntilUpgraded(client, path, waitMs, pollMs, progress);
  } finally {
    progress.finish();
  }
  terminal.write('every daemon of FRR runs the program that is installed on its node\n');
}

async function waitUntilUpgraded(
  client: ApiClient,
  path: string,
  timeoutMs: number,
  pollMs: number,
  progress: Progress,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let last = '';
  while (Date.now() < deadline) {
    try {
      const status = await client.send<UpgradeBody>({ path, idleTimeoutMs: 5000 });
      if (!status.running) return;
      last = describe(status);
      progress.update(last);
    } catch (error) {
      if (!isTransient(error)) throw error;
      progress.update(`the controller at ${client.address} is away; asking again`);
    }
    await delay(Math.min(pollMs, Math.max(0, deadline - Date.now())));
  }
  throw new VinetError('timeout', `not done after ${timeoutMs / 1000} s, and it goes on; ${last}`);
}

function describe({ step, done, total, current, waitingFor }: UpgradeBody): string {
  const { overlay = '', node = '', routers = [] } = current ?? {};
  return `upgrade ${done}/${total}: ${step} ${overlay}/${routers.join(',')} on ${node}, waiting for ${waitingFor}`;
}
