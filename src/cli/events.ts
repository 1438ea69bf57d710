import { setTimeout as delay } from 'node:timers/promises';
import type { EventBody } from '../model/api.ts';
import { type ApiClient, apiPath, connectionError, isTransient } from './api-client.ts';
import { eventStyle } from './get-views.ts';
import { readLines } from './lines.ts';
import { printable, type Terminal } from './terminal.ts';

export interface EventsOptions {
  /** Null: of all overlays. */
  readonly overlay: string | null;
  /** Events after this number; null: only those from now on, as the controller sees it. */
  readonly since: number | null;
  readonly json: boolean;
  /** Ends the following. */
  readonly signal: AbortSignal;
  readonly retryMs?: number;
}

/**
 * Prints events as they happen until it is told to stop. A lost controller is dialled again, and what happened
 * meanwhile follows from where the stream broke off; a controller that was never there is a failure.
 */
export async function followEvents(
  client: ApiClient,
  options: EventsOptions,
  terminal: Terminal,
): Promise<void> {
  let last = options.since;
  let connected = false;
  while (!options.signal.aborted) {
    try {
      const query: [string, string][] = [];
      if (last !== null) query.push(['since', String(last)]);
      if (options.overlay !== null) query.push(['overlay', options.overlay]);
      const answer = await client.open({
        path: apiPath(['events'], query),
        accept: 'text/event-stream',
        idleTimeoutMs: 0,
        signal: options.signal,
      });
      connected = true;
      for await (const event of readServerSentEvents(answer)) {
        last = Math.max(last ?? 0, event.id);
        terminal.write(options.json ? `${JSON.stringify(event)}\n` : renderEvent(event, terminal.paint));
      }
    } catch (error) {
      if (options.signal.aborted) return;
      const failure = connectionError(error, client.address);
      if (!connected || !isTransient(failure)) throw failure;
    }
    await delay(options.retryMs ?? 1000, undefined, { signal: options.signal }).catch(() => {});
  }
}

/** The `data:` of each event (HTML standard, "Server-sent events"); comments and other fields are skipped. */
export async function* readServerSentEvents(stream: AsyncIterable<Buffer>): AsyncGenerator<EventBody> {
  let data: string[] = [];
  for await (const line of readLines(stream)) {
    if (line.startsWith('data:')) data.push(line.slice('data:'.length).trimStart());
    if (line !== '' || data.length === 0) continue;
    const event = parseEvent(data.join('\n'));
    data = [];
    if (event !== null) yield event;
  }
}

function parseEvent(text: string): EventBody | null {
  try {
    const event = JSON.parse(text) as EventBody;
    return typeof event?.id === 'number' && typeof event.kind === 'string' ? event : null;
  } catch {
    return null;
  }
}

function renderEvent(event: EventBody, paint: Terminal['paint']): string {
  const where = [event.overlay, event.member, event.node === '' ? '' : `on ${event.node}`].filter(
    (word) => word !== '',
  );
  const words = [
    event.time,
    paint(printable(event.kind), eventStyle(event.kind)),
    printable(where.join(' ')),
    printable(event.message),
  ];
  return `${words.filter((word) => word !== '').join('  ')}\n`;
}
