import { type Command, Option } from 'commander';
import type { ApiClient } from './api-client.ts';
import { type ClientFlags, readClientSettings, settingsFiles } from './client-settings.ts';
import type { CommandContext } from './command-context.ts';
import { OUTPUT_FORMATS, type OutputFormat, RESOURCES } from './get.ts';
import { readWholeNumber } from './option-values.ts';

/** All commands that speak to a controller. */
export function addClientCommands(program: Command, context: CommandContext): void {
  addGet(program, context);
}

function addGet(program: Command, context: CommandContext): void {
  const get = program.command('get').description('show what there is');
  for (const resource of RESOURCES) {
    const command = get
      .command(resource)
      .description(GET_WORDS[resource].description)
      .argument('[name]', GET_WORDS[resource].name)
      .addOption(
        new Option('-o, --output <format>', 'how')
          .choices(OUTPUT_FORMATS)
          .default('table')
          .env('VINET_OUTPUT'),
      );
    if (resource === 'events') {
      command.addOption(
        new Option('--since <id>', 'only later ones').env('VINET_SINCE').argParser(readWholeNumber),
      );
    }
    withClientOptions(command).action(
      async (name: string | undefined, flags: ClientFlags & { output: OutputFormat; since?: number }) => {
        const { runGet } = await import('./get.ts');
        await withClient(context, flags, (client) =>
          runGet(
            client,
            resource,
            { name: name ?? null, output: flags.output, since: flags.since ?? null },
            context.terminal,
          ),
        );
      },
    );
  }
}

const GET_WORDS = {
  overlays: { description: 'overlays and how they fare', name: 'one overlay' },
  routers: {
    description: 'virtual routers, where they run and what they know',
    name: 'OVERLAY or OVERLAY/ROUTER',
  },
  links: { description: 'virtual links', name: 'one overlay' },
  nodes: { description: 'real nodes and their agents', name: 'one node' },
  routes: { description: "routes in the routers' kernels", name: 'OVERLAY or OVERLAY/ROUTER' },
  events: { description: 'what happened', name: 'one overlay' },
} as const;

function withClientOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--address <address>',
        'of the controller: http://HOST:PORT, https://HOST:PORT or unix:/PATH',
      ).env('VINET_ADDRESS'),
    )
    .addOption(
      new Option('--token <token>', 'its secret; seen by others in the list of processes').env('VINET_TOKEN'),
    )
    .addOption(new Option('--token-file <file>', 'file with its secret').env('VINET_TOKEN_FILE'))
    .addOption(
      new Option('--ca-file <file>', 'authority that signed its certificate, PEM').env('VINET_CA_FILE'),
    );
}

async function withClient<T>(
  context: CommandContext,
  flags: ClientFlags,
  work: (client: ApiClient) => Promise<T>,
): Promise<T> {
  const { createApiClient } = await import('./api-client.ts');
  const client = createApiClient(await readClientSettings(flags, settingsFiles(context.env)));
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
