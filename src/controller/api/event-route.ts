import type { ServerResponse } from 'node:http';
import { Type } from 'typebox';
import { EventList } from '../../model/api.ts';
import type { VinetEvent } from '../../model/status.ts';
import { VinetError } from '../../model/vinet-error.ts';
import type { EventLog } from '../events/event-log.ts';
import type { Api, ApiParts } from './app.ts';
import { OverlayName } from './named.ts';

const HEARTBEAT_MS = 15_000;
/** More than all events that are kept: a slower follower is cut off, and can resume by the last id that it saw. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/**
 * What happened, as a list, or as a stream of server-sent events (WHATWG HTML, section 9.2) where the client
 * accepts that: what is kept since the number that it names, then what happens.
 */
export function addEventRoute(app: Api, { events }: ApiParts): void {
  app.get(
    '/v1/events',
    {
      schema: {
        querystring: Type.Object({
          since: Type.Optional(Type.Integer({ minimum: 0 })),
          overlay: Type.Optional(OverlayName),
        }),
        response: { 200: EventList },
      },
    },
    async ({ query, headers }, reply) => {
      const overlay = query.overlay ?? null;
      if (!headers.accept?.includes('text/event-stream')) {
        return { events: events.list(query.since ?? 0, overlay) };
      }
      const since = readLastEventId(headers['last-event-id']) ?? query.since ?? Number.MAX_SAFE_INTEGER;
      reply.hijack();
      stream(reply.raw, events, since, overlay);
      return reply;
    },
  );
}

function readLastEventId(header: string | string[] | undefined): number | null {
  if (header === undefined) return null;
  const id = Number(header);
  if (Number.isSafeInteger(id) && id >= 0) return id;
  throw new VinetError('bad-request', 'the header Last-Event-ID must be the id of an event');
}

function stream(response: ServerResponse, events: EventLog, since: number, overlay: string | null): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  const write = (text: string) => {
    response.write(text);
    if (response.writableLength > MAX_WAITING_BYTES) response.destroy();
  };
  response.write(events.list(since, overlay).map(formatEvent).join(''));
  const following = events.follow((event) => {
    if (overlay === null || event.overlay === overlay) write(formatEvent(event));
  });
  const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
  response.on('close', () => {
    clearInterval(heartbeat);
    following.close();
  });
}

/** JSON holds no line break, so one `data` line is enough. */
function formatEvent(event: VinetEvent): string {
  return `id: ${event.id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}
