import type { Readable } from 'node:stream';
import type { ApplyBody, ApplyResult } from '../model/api.ts';
import { type ApiClient, apiPath } from './api-client.ts';
import { renderApplied, renderPlan } from './change-report.ts';
import { renderFailure } from './failure-report.ts';
import type { OutputFormat } from './get.ts';
import { type OverlayFile, readOverlayFile } from './overlay-file.ts';
import { createProgress, seconds } from './progress.ts';
import type { Terminal } from './terminal.ts';
import { DEFAULT_POLL_MS, waitUntilGone, waitUntilReady } from './wait.ts';

export interface ApplyOptions {
  readonly files: readonly string[];
  readonly dryRun: boolean;
  readonly verbose: boolean;
  readonly output: OutputFormat;
  /** Null when nothing is waited for. */
  readonly waitMs: number | null;
  readonly pollMs?: number;
}

/**
 * Applies files, or only shows what would change. All files are read before the first is sent; one that the
 * controller refuses does not keep the others from being applied. Resolves with the exit status.
 */
export async function runApply(
  client: ApiClient,
  options: ApplyOptions,
  terminal: Terminal,
  stdin: Readable,
): Promise<number> {
  const files: OverlayFile[] = [];
  for (const name of options.files) files.push(await readOverlayFile(name, stdin));

  const results: ApplyResult[] = [];
  let status = 0;
  for (const file of files) {
    try {
      const body = await sendFile(client, file, options.dryRun);
      if (options.output === 'table') for (const result of body.results) report(result, options, terminal);
      results.push(...body.results);
    } catch (error) {
      terminal.tell(renderFailure(error, terminal.paint, file.name));
      status = 1;
    }
  }
  if (options.output === 'json') terminal.write(`${JSON.stringify({ results }, null, 2)}\n`);
  if (options.output === 'yaml') terminal.write((await import('yaml')).stringify({ results }));
  if (options.dryRun || options.waitMs === null) return status;
  for (const result of results) {
    if (!(await waitFor(client, result, options.waitMs, options.pollMs ?? DEFAULT_POLL_MS, terminal)))
      status = 1;
  }
  return status;
}

/** Deletes an overlay and, when told so, waits until nothing of it is left. */
export async function runDelete(
  client: ApiClient,
  overlay: string,
  options: { readonly cascade: boolean; readonly waitMs: number | null; readonly pollMs?: number },
  terminal: Terminal,
): Promise<void> {
  const { cascade, waitMs, pollMs = DEFAULT_POLL_MS } = options;
  await client.send({
    method: 'DELETE',
    path: apiPath(['overlays', overlay], cascade ? [['cascade', 'true']] : []),
    idleTimeoutMs: APPLY_TIMEOUT_MS,
  });
  if (waitMs === null) return terminal.write(`overlay ${overlay} is being deleted\n`);
  const progress = createProgress(terminal);
  const startedAt = Date.now();
  try {
    await waitUntilGone(client, overlay, { timeoutMs: waitMs, pollMs, progress });
  } finally {
    progress.finish();
  }
  terminal.write(`overlay ${overlay} deleted in ${seconds(Date.now() - startedAt)}\n`);
}

/** Nodes check, reserve and commit before the answer comes. */
const APPLY_TIMEOUT_MS = 180_000;

async function sendFile(client: ApiClient, file: OverlayFile, dryRun: boolean): Promise<ApplyBody> {
  return client.send<ApplyBody>({
    method: 'POST',
    path: apiPath(['apply'], dryRun ? [['dryRun', 'true']] : []),
    contentType: 'application/yaml',
    body: file.bytes,
    idleTimeoutMs: APPLY_TIMEOUT_MS,
  });
}

function report(result: ApplyResult, options: ApplyOptions, terminal: Terminal): void {
  terminal.write(
    options.dryRun
      ? renderPlan(result, terminal.paint)
      : renderApplied(result, options.verbose, terminal.paint),
  );
}

async function waitFor(
  client: ApiClient,
  result: ApplyResult,
  timeoutMs: number,
  pollMs: number,
  terminal: Terminal,
): Promise<boolean> {
  const progress = createProgress(terminal);
  try {
    const convergenceMs = await waitUntilReady(client, result.overlay, result.revision, {
      timeoutMs,
      pollMs,
      progress,
    });
    progress.finish();
    terminal.tell(
      `overlay ${result.overlay} is ${terminal.paint('ready', 'good')}: every router has every route, converged in ${seconds(convergenceMs)}\n`,
    );
    return true;
  } catch (error) {
    progress.finish();
    terminal.tell(renderFailure(error, terminal.paint));
    return false;
  }
}
