import { type Command, Option } from 'commander';
import { apiPath } from './api-client.ts';
import { runApply, runDelete } from './apply.ts';
import {
  fileOption,
  outputOption,
  sinceOption,
  type WaitFlags,
  withClient,
  withClientOptions,
  withWaitOptions,
} from './client-options.ts';
import type { ClientFlags } from './client-settings.ts';
import type { CommandContext } from './command-context.ts';
import { renderCompletion, SHELLS, type Shell } from './completion.ts';
import { followEvents } from './events.ts';
import { runExec } from './exec.ts';
import { OUTPUT_FORMATS, type OutputFormat, RESOURCES, runGet } from './get.ts';
import { GRAPH_FORMATS, type GraphFormat, runGraph } from './graph.ts';
import { addLink } from './link-command.ts';
import { collect, readMemberPath, readRouterPath } from './option-values.ts';
import { runRotate } from './rotate.ts';
import { runTrace } from './trace.ts';
import { runUpgrade } from './upgrade.ts';
import { runVersion } from './version.ts';
import { runVtysh } from './vtysh.ts';

type RouterPath = ReturnType<typeof readRouterPath>;
type MemberPath = ReturnType<typeof readMemberPath>;

/** All commands that speak to a controller. */
export function addClientCommands(program: Command, context: CommandContext): void {
  addApply(program, context);
  addPlan(program, context);
  addGet(program, context);
  addDelete(program, context);
  addLink(program, context);
  addRotate(program, context);
  addUpgrade(program, context);
  addExec(program, context);
  addVtysh(program, context);
  addTrace(program, context);
  addEvents(program, context);
  addGraph(program, context);
  addSchema(program, context);
  addCompletion(program, context);
  addVersion(program, context);
}

function addApply(program: Command, context: CommandContext): void {
  const command = program
    .command('apply')
    .description('make overlays as the files declare them')
    .addOption(fileOption())
    .addOption(new Option('--dry-run', 'only show what would change, like plan').env('VINET_DRY_RUN'))
    .addOption(new Option('--verbose', 'show every change, not only how many').env('VINET_VERBOSE'))
    .addOption(outputOption(['table', 'json', 'yaml']));
  withWaitOptions(command, 'until every router has every route');
  withClientOptions(command).action(
    async (
      flags: ClientFlags &
        WaitFlags & { file: string[]; output: OutputFormat; dryRun?: true; verbose?: true },
    ) => {
      const options = {
        files: flags.file,
        dryRun: flags.dryRun === true,
        verbose: flags.verbose === true,
        output: flags.output,
        waitMs: flags.wait === true ? flags.timeout : null,
      };
      await withClient(context, flags, async (client) =>
        context.setStatus(await runApply(client, options, context.terminal, context.stdin)),
      );
    },
  );
}

function addPlan(program: Command, context: CommandContext): void {
  const command = program
    .command('plan')
    .description('show every change that apply would make, and make none')
    .addOption(fileOption())
    .addOption(outputOption(['table', 'json', 'yaml']));
  withClientOptions(command).action(async (flags: ClientFlags & { file: string[]; output: OutputFormat }) => {
    const options = { files: flags.file, dryRun: true, verbose: true, output: flags.output, waitMs: null };
    await withClient(context, flags, async (client) =>
      context.setStatus(await runApply(client, options, context.terminal, context.stdin)),
    );
  });
}

const GET_WORDS = {
  overlays: { description: 'overlays and how they fare', argument: 'overlay', what: 'only this one' },
  routers: {
    description: 'virtual routers: where they run and what they know',
    argument: 'overlay',
    what: 'of this overlay, or OVERLAY/ROUTER',
  },
  hosts: {
    description: 'virtual hosts: where they stand and what they are attached to',
    argument: 'overlay',
    what: 'of this overlay, or OVERLAY/HOST',
  },
  links: { description: 'virtual links', argument: 'overlay', what: 'of this overlay' },
  nodes: { description: 'real nodes and their agents', argument: 'node', what: 'only this one' },
  routes: {
    description: "routes in the routers' kernels",
    argument: 'overlay',
    what: 'of this overlay, or OVERLAY/ROUTER',
  },
  events: { description: 'what happened', argument: 'overlay', what: 'to this overlay' },
} as const;

function addGet(program: Command, context: CommandContext): void {
  const get = program.command('get').description('show what there is');
  for (const resource of RESOURCES) {
    const { description, argument, what } = GET_WORDS[resource];
    const command = get
      .command(resource)
      .description(description)
      .argument(`[${argument}]`, what)
      .addOption(outputOption(OUTPUT_FORMATS));
    if (resource === 'events') command.addOption(sinceOption());
    withClientOptions(command).action(
      async (name: string | undefined, flags: ClientFlags & { output: OutputFormat; since?: number }) => {
        const options = { name: name ?? null, output: flags.output, since: flags.since ?? null };
        await withClient(context, flags, (client) => runGet(client, resource, options, context.terminal));
      },
    );
  }
}

function addDelete(program: Command, context: CommandContext): void {
  const command = program
    .command('delete')
    .description('remove what was applied')
    .command('overlay')
    .description('remove an overlay from all nodes')
    .argument('<overlay>', 'which one')
    .addOption(new Option('--cascade', 'what rides on it too, that first').env('VINET_CASCADE'));
  withWaitOptions(command, 'until nothing of it is left');
  withClientOptions(command).action(
    async (overlay: string, flags: ClientFlags & WaitFlags & { cascade?: true }) => {
      const waitMs = flags.wait === true ? flags.timeout : null;
      const options = { cascade: flags.cascade === true, waitMs };
      await withClient(context, flags, (client) => runDelete(client, overlay, options, context.terminal));
    },
  );
}

function addRotate(program: Command, context: CommandContext): void {
  const command = program
    .command('rotate')
    .description('make the keys of an overlay with ipsec or wireguard anew, without losing a packet')
    .argument('<overlay>', 'of which overlay');
  withWaitOptions(command, 'until every node has nothing but the new ones');
  withClientOptions(command).action(async (overlay: string, flags: ClientFlags & WaitFlags) => {
    const options = { waitMs: flags.wait === true ? flags.timeout : null };
    await withClient(context, flags, (client) => runRotate(client, overlay, options, context.terminal));
  });
}

function addUpgrade(program: Command, context: CommandContext): void {
  const command = program
    .command('upgrade-frr')
    .description(
      "start FRR's daemons anew after an upgrade of its package, router by router, each drained before",
    )
    .argument('[node...]', 'only those on these nodes')
    .addOption(new Option('--abort', 'begin no further one, and give the present one its traffic back'));
  withWaitOptions(command, 'until every daemon runs what is installed');
  withClientOptions(command).action(
    async (nodes: string[], flags: ClientFlags & WaitFlags & { abort?: true }) => {
      const options = { abort: flags.abort === true, waitMs: flags.wait === true ? flags.timeout : null };
      await withClient(context, flags, (client) => runUpgrade(client, nodes, options, context.terminal));
    },
  );
}

function addExec(program: Command, context: CommandContext): void {
  const command = program
    .command('exec')
    .description(
      'run a command in a router or host: its network and names, this terminal; the exit status is its own',
    )
    .argument('<overlay/member>', 'where, such as ring/r1', readMemberPath)
    .argument('<command...>', 'what, best after --')
    .passThroughOptions();
  withClientOptions(command).action(async (path: MemberPath, words: string[], flags: ClientFlags) => {
    const argv = words[0] === '--' ? words.slice(1) : words;
    if (argv.length === 0) command.error("error: missing required argument 'command'");
    await withClient(context, flags, async (client) => {
      const streams = { stdin: context.stdin, ...OUTPUTS, interrupts: process };
      context.setStatus(await runExec(client, { ...path, argv }, streams));
    }).finally(() => context.stdin.destroy());
  });
}

function addVtysh(program: Command, context: CommandContext): void {
  const command = program
    .command('vtysh')
    .description("FRR's shell of a router")
    .argument('<overlay/router>', 'which, such as ring/r1', readRouterPath)
    .addOption(
      new Option('-c, --command <command>', 'run this and leave; may be repeated').argParser(collect),
    );
  withClientOptions(command).action(async (path: RouterPath, flags: ClientFlags & { command?: string[] }) => {
    await withClient(context, flags, async (client) =>
      context.setStatus(await runVtysh(client, { ...path, commands: flags.command ?? [] }, context)),
    ).finally(() => context.stdin.destroy());
  });
}

function addTrace(program: Command, context: CommandContext): void {
  const command = program
    .command('trace')
    .description('show each virtual hop between two routers or hosts')
    .argument('<overlay>', 'in which overlay')
    .argument('<from>', 'the router or host that asks')
    .argument('<to>', 'the router or host that is looked for')
    .addOption(outputOption(['table', 'json', 'yaml']));
  withClientOptions(command).action(
    async (overlay: string, from: string, to: string, flags: ClientFlags & { output: OutputFormat }) => {
      await withClient(context, flags, async (client) =>
        context.setStatus(await runTrace(client, { overlay, from, to }, flags.output, context.terminal)),
      );
    },
  );
}

function addEvents(program: Command, context: CommandContext): void {
  const command = program
    .command('events')
    .description('follow what happens, until interrupted')
    .argument('[overlay]', 'to this overlay only')
    .addOption(sinceOption())
    .addOption(outputOption(['table', 'json']));
  withClientOptions(command).action(
    async (overlay: string | undefined, flags: ClientFlags & { since?: number; output: OutputFormat }) => {
      const leaving = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => leaving.abort());
      const options = { overlay: overlay ?? null, since: flags.since ?? null, json: flags.output === 'json' };
      await withClient(context, flags, (client) =>
        followEvents(client, { ...options, signal: leaving.signal }, context.terminal),
      );
    },
  );
}

function addGraph(program: Command, context: CommandContext): void {
  const command = program
    .command('graph')
    .description('draw an overlay; a picture: vinet graph ring -o svg > ring.svg')
    .argument('<overlay>', 'which one')
    .addOption(new Option('-o, --output <format>', 'as').choices(GRAPH_FORMATS).default('dot'));
  withClientOptions(command).action(async (overlay: string, flags: ClientFlags & { output: GraphFormat }) => {
    await withClient(context, flags, async (client) =>
      context.terminal.write(await runGraph(client, overlay, flags.output)),
    );
  });
}

function addSchema(program: Command, context: CommandContext): void {
  const command = program
    .command('schema')
    .description('print the JSON Schema of the overlay file, for editors');
  withClientOptions(command).action(async (flags: ClientFlags) => {
    await withClient(context, flags, async (client) => {
      const schema = await client.send({ path: apiPath(['schema', 'overlay']) });
      context.terminal.write(`${JSON.stringify(schema, null, 2)}\n`);
    });
  });
}

function addCompletion(program: Command, context: CommandContext): void {
  const command = program.command('completion').description("print a shell's completion script");
  command.addArgument(command.createArgument('<shell>', 'for which shell').choices(SHELLS));
  command.action((shell: Shell) => context.terminal.write(renderCompletion(program, shell)));
}

function addVersion(program: Command, context: CommandContext): void {
  withClientOptions(
    program.command('version').description("this program's version and the controller's"),
  ).action((flags: ClientFlags) =>
    withClient(context, flags, (client) => runVersion(client, context.terminal)),
  );
}

const OUTPUTS = { stdout: process.stdout, stderr: process.stderr };
