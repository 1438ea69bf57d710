import { type Command, Option } from 'commander';
import { type ApiClient, createApiClient } from './api-client.ts';
import { type ClientFlags, readClientSettings, settingsFiles } from './client-settings.ts';
import type { CommandContext } from './command-context.ts';
import type { OutputFormat } from './get.ts';
import { collect, readDurationMs, readWholeNumber } from './option-values.ts';

/** Options that several commands share, each also a `VINET_*` variable. */

export interface WaitFlags {
  readonly wait?: boolean;
  /** ms */
  readonly timeout: number;
}

export function withWaitOptions(command: Command, until: string): Command {
  return command
    .addOption(new Option('--wait', `return only when it is done: ${until}`).env('VINET_WAIT'))
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for that')
        .env('VINET_TIMEOUT')
        .default(120_000, '120s')
        .argParser(readDurationMs),
    );
}

export function fileOption(): Option {
  return new Option('-f, --file <file>', 'overlay file, - for standard input; may be repeated')
    .env('VINET_FILE')
    .argParser(collect)
    .makeOptionMandatory();
}

export function outputOption(formats: readonly OutputFormat[]): Option {
  return new Option('-o, --output <format>', 'for people or programs')
    .env('VINET_OUTPUT')
    .choices(formats)
    .default('table');
}

export function sinceOption(): Option {
  return new Option('--since <id>', 'only events after this number')
    .env('VINET_SINCE')
    .argParser(readWholeNumber);
}

export function withClientOptions(command: Command): Command {
  return command
    .optionsGroup('Controller:')
    .addOption(
      new Option('--address <address>', 'http://HOST:PORT, https://HOST:PORT or unix:/PATH').env(
        'VINET_ADDRESS',
      ),
    )
    .addOption(
      new Option('--token <token>', 'its secret, for all to see in the list of processes').env('VINET_TOKEN'),
    )
    .addOption(new Option('--token-file <file>', 'file with its secret').env('VINET_TOKEN_FILE'))
    .addOption(
      new Option('--ca-file <file>', 'authority that signed its certificate, PEM').env('VINET_CA_FILE'),
    );
}

/** A client for as long as the work takes. */
export async function withClient<T>(
  context: CommandContext,
  flags: ClientFlags,
  work: (client: ApiClient) => Promise<T>,
): Promise<T> {
  const client = createApiClient(await readClientSettings(flags, settingsFiles(context.env)));
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
