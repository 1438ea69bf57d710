import type { TraceBody } from '../model/api.ts';
import { type ApiClient, apiPath } from './api-client.ts';
import type { OutputFormat } from './get.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

const TRACE_TIMEOUT_MS = 120_000;

/** Shows each virtual hop between two routers. Resolves with the exit status: 1 when the far one did not answer. */
export async function runTrace(
  client: ApiClient,
  path: { readonly overlay: string; readonly from: string; readonly to: string },
  output: OutputFormat,
  terminal: Terminal,
): Promise<number> {
  const trace = await client.send<TraceBody>({
    method: 'POST',
    path: apiPath(['overlays', path.overlay, 'trace']),
    contentType: 'application/json',
    body: JSON.stringify({ from: path.from, to: path.to }),
    idleTimeoutMs: TRACE_TIMEOUT_MS,
  });
  if (output === 'json') terminal.write(`${JSON.stringify(trace, null, 2)}\n`);
  else if (output === 'yaml') terminal.write((await import('yaml')).stringify(trace));
  else terminal.write(renderTrace(trace, terminal.paint));
  if (!trace.reached) terminal.tell(`${path.to} did not answer\n`);
  return trace.reached ? 0 : 1;
}

function renderTrace(trace: TraceBody, paint: Terminal['paint']): string {
  return renderTable(
    [
      { title: 'HOP', align: 'right' },
      { title: 'ROUTER' },
      { title: 'NODE' },
      { title: 'ADDRESS' },
      { title: 'RTT', align: 'right' },
    ],
    trace.hops.map((hop) =>
      hop.address === ''
        ? [String(hop.ttl), { text: '*', style: 'warn' }, '', '', '']
        : [String(hop.ttl), hop.router, hop.node, hop.address, `${hop.rttMs.toFixed(2)} ms`],
    ),
    paint,
  );
}
