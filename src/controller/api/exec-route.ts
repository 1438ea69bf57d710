import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Type } from 'typebox';
import { errorText, VinetError } from '../../model/vinet-error.ts';
import type { ExecOutput } from '../../rpc/fleet-message.ts';
import type { CommandChannel } from '../fleet/exec-tickets.ts';
import type { Api, ApiParts } from './app.ts';
import { FRAMED_INPUT, RAW_INPUT, readInput } from './exec-input.ts';
import { MemberName, memberOf, OverlayName, overlayOf } from './named.ts';

const START_DEADLINE_MS = 10_000;
/** What a command may take to end after its user is gone. */
const HANG_UP_GRACE_MS = 5_000;
const HEARTBEAT_MS = 15_000;

/**
 * Runs a command in a router or host. The request's body is its standard input, as it comes, or frames that hold
 * signals too; the answer is a line of JSON for each piece of output, at once, and one for its end; empty lines in
 * between mean nothing.
 */
export function addExecRoute(app: Api, { inventory, fleet, log }: ApiParts): void {
  void app.register(async (scope: Api) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser([RAW_INPUT, FRAMED_INPUT], (_, payload, done) => done(null, payload));
    scope.post(
      '/v1/overlays/:name/members/:member/exec',
      {
        schema: {
          consumes: [RAW_INPUT, FRAMED_INPUT],
          params: Type.Object({ name: OverlayName, member: MemberName }),
          querystring: Type.Object({ argv: Type.Union([Argument, Type.Array(Argument, { minItems: 1 })]) }),
        },
      },
      async ({ params, query, raw }, reply) => {
        const stored = overlayOf(inventory, params.name);
        const member = memberOf(stored, params.member);
        const argv = [query.argv].flat();
        if (argv.some((word) => word.includes('\0'))) {
          throw new VinetError('bad-request', 'no word of a command can hold a zero byte');
        }
        const command = { overlay: member.home, member: member.name, argv };
        const channel = await fleet.openExec(member.node, command, START_DEADLINE_MS);
        log.info({ overlay: stored.name, member: member.name, command: argv[0] }, 'a command was started');
        reply.hijack();
        await converse(channel, raw, reply.raw);
        return reply;
      },
    );
  });
}

const Argument = Type.String({ minLength: 1, maxLength: 128 * 1024 });

async function converse(
  channel: CommandChannel,
  body: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  response.flushHeaders();
  let killing: NodeJS.Timeout | undefined;
  const onClose = () => {
    if (!response.writableEnded) killing = hangUp(channel);
  };
  if (response.closed) onClose();
  else response.on('close', onClose);
  // A client that is cut off shows only when something is written; an empty line says nothing.
  const heartbeat = setInterval(() => response.write('\n'), HEARTBEAT_MS);
  void feed(channel, body);
  let ended = false;
  try {
    for await (const output of channel.received) {
      const line = formatOutput(output);
      if (line !== null && !response.write(line) && !response.destroyed) await drainedOrGone(response);
      ended = output.body.kind === 'exit';
      if (ended) break;
    }
    if (!ended) response.write(formatLoss('its agent broke off'));
  } catch (error) {
    response.write(formatLoss(errorText(error)));
  }
  clearInterval(heartbeat);
  clearTimeout(killing);
  channel.end();
  response.end();
}

/** Reads to the end whatever happens: a connection that is not read does not tell that its client is gone. */
async function feed(channel: CommandChannel, body: IncomingMessage): Promise<void> {
  try {
    for await (const input of readInput(body)) if (!(await channel.send(input))) break;
    await channel.send({ kind: 'stdin-closed' });
  } catch (error) {
    // A client that is gone needs no word here: its command is told so by the end of the response.
    if (error instanceof VinetError) await channel.send({ kind: 'signal', signal: 'SIGHUP' });
  }
  body.resume();
}

/** What a terminal does when its user is gone; a command that does not listen is killed after a while. */
function hangUp(channel: CommandChannel): NodeJS.Timeout {
  void channel.send({ kind: 'signal', signal: 'SIGHUP' });
  return setTimeout(() => {
    void channel.send({ kind: 'signal', signal: 'SIGKILL' });
    channel.end();
  }, HANG_UP_GRACE_MS);
}

async function drainedOrGone(response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  const signal = { signal: gone.signal };
  await Promise.race([once(response, 'drain', signal), once(response, 'close', signal)]).finally(() =>
    gone.abort(),
  );
}

function formatOutput({ body }: ExecOutput): string | null {
  switch (body.kind) {
    case 'attached':
      return null;
    case 'stdout':
    case 'stderr':
      return `${JSON.stringify({ [body.kind]: Buffer.from(body.data).toString('base64') })}\n`;
    case 'exit':
      return formatExit(body);
  }
}

function formatLoss(why: string): string {
  return formatExit({ status: -1, signal: '', failure: `what became of the command is not known: ${why}` });
}

function formatExit({
  status,
  signal,
  failure,
}: {
  status: number;
  signal: string;
  failure: string;
}): string {
  return `${JSON.stringify({ exit: { status, signal, failure } })}\n`;
}
