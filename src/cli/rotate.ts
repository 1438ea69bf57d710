import type { OverlaySummary } from '../model/api.ts';
import { type ApiClient, apiPath } from './api-client.ts';
import { createProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';
import { DEFAULT_POLL_MS, waitUntilRotated } from './wait.ts';

/** Has the keys of an overlay made anew and, when told so, waits until every node has nothing but the new ones. */
export async function runRotate(
  client: ApiClient,
  overlay: string,
  options: { readonly waitMs: number | null; readonly pollMs?: number },
  terminal: Terminal,
): Promise<void> {
  const { waitMs, pollMs = DEFAULT_POLL_MS } = options;
  const { keys } = await client.send<OverlaySummary>({
    method: 'POST',
    path: apiPath(['overlays', overlay, 'rotate']),
  });
  const generation = keys?.generation ?? 0;
  if (waitMs === null) return terminal.write(`overlay ${overlay}: keys ${generation} are being rolled out\n`);
  const progress = createProgress(terminal);
  try {
    await waitUntilRotated(client, overlay, { timeoutMs: waitMs, pollMs, progress });
  } finally {
    progress.finish();
  }
  terminal.write(`overlay ${overlay}: every node has keys ${generation} and no others\n`);
}
