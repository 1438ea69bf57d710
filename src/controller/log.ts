import { type DestinationStream, destination, type Logger, pino, stdSerializers } from 'pino';

/** Logs to standard error: lines for a person at a terminal, JSON for whatever collects them elsewhere. */
export function createLog(level: string): Logger {
  const stderr = destination({ dest: 2, sync: true });
  const options = { level, base: null, serializers: { err: stdSerializers.err } };
  return pino(options, process.stderr.isTTY ? plainLines(stderr) : stderr);
}

function plainLines(out: DestinationStream): DestinationStream {
  return {
    write(text) {
      const { level, time, msg, err, ...rest } = JSON.parse(text) as Record<string, unknown>;
      const clock = new Date(Number(time)).toISOString().slice(11, 23);
      const word = pino.levels.labels[Number(level)] ?? '';
      const facts = Object.entries(rest).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
      const failure = err === undefined ? '' : `\n  ${(err as Error).stack ?? JSON.stringify(err)}`;
      out.write(`${clock} ${word.padEnd(5)} ${String(msg)}${facts.join('')}${failure}\n`);
    },
  };
}
