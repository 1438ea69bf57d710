import { constants, setPriority } from 'node:os';
import { Command, CommanderError, Option } from 'commander';
import { addClientCommands } from './cli/client-commands.ts';
import type { CommandContext } from './cli/command-context.ts';
import { renderFailure } from './cli/failure-report.ts';
import { addImportCommand } from './cli/import-command.ts';
import { collect, readWholeNumber } from './cli/option-values.ts';
import { processTerminal } from './cli/terminal.ts';
import { addLabCommands } from './lab/lab-commands.ts';

/**
 * Runs the command line, without the program's own name, and resolves with the exit status: 0 done, 1 failed,
 * 2 used wrongly; of `exec` and `vtysh` it is the status of the command itself.
 */
export async function main(
  argv: readonly string[],
  surroundings: Omit<CommandContext, 'setStatus'> = processSurroundings(),
): Promise<number> {
  let status = 0;
  const context: CommandContext = {
    ...surroundings,
    setStatus: (value) => {
      status = value;
    },
  };
  try {
    await createProgram(context).parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    context.terminal.tell(renderFailure(error, context.terminal.paint));
    return 1;
  }
  return status;
}

/** The tree of commands; the programs behind them are loaded when they are run. */
export function createProgram(context: CommandContext): Command {
  const program = new Command('vinet')
    .description('virtual internets: overlays of FRR virtual routers over real nodes')
    .enablePositionalOptions()
    .showHelpAfterError('(--help shows how it is used)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.terminal.write(text),
      writeErr: (text) => context.terminal.tell(text),
    });
  addLabCommands(program, context);
  addControllerCommand(program);
  addAgentCommand(program);
  addClientCommands(program, context);
  addImportCommand(program, context);
  return program;
}

function processSurroundings(): Omit<CommandContext, 'setStatus'> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `vinet get routes ring | head` ends without a word when head has read enough.
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return { terminal: processTerminal(), env: process.env, stdin: process.stdin };
}

const CONTROLLER_SOCKET = 'unix:/run/vinet/controller.sock';

interface ServerFlags {
  readonly stateDirectory: string;
  readonly tokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly logLevel: string;
}

interface ControllerFlags extends ServerFlags {
  readonly listen: string;
  readonly grpcListen: string;
  readonly insecure?: boolean;
}

interface AgentFlags extends ServerFlags {
  readonly node: string;
  readonly controller: string;
  readonly underlayNamespace?: string;
  readonly underlayAddress?: string[];
  readonly outsideAddress?: string[];
  readonly metricsListen: string;
  readonly maxMembers?: number;
  readonly templates?: string;
  readonly frrModules?: string;
  readonly purge?: boolean;
}

function addControllerCommand(program: Command): void {
  withServerOptions(program.command('controller'), '/var/lib/vinet/controller')
    .description('run the controller in the foreground')
    .addOption(
      new Option('--listen <address>', 'REST: HOST:PORT or unix:/PATH')
        .env('VINET_LISTEN')
        .default('127.0.0.1:9340'),
    )
    .addOption(
      new Option('--grpc-listen <address>', 'agents: HOST:PORT or unix:/PATH')
        .env('VINET_GRPC_LISTEN')
        .default(CONTROLLER_SOCKET),
    )
    .addOption(
      new Option('--insecure', 'listen without TLS also where others could read the token on the way').env(
        'VINET_INSECURE',
      ),
    )
    .action(async (flags: ControllerFlags) => {
      goFirst();
      const { runController } = await import('./controller/main.ts');
      await untilSignalled(
        await runController({
          stateDirectory: flags.stateDirectory,
          restListen: flags.listen,
          grpcListen: flags.grpcListen,
          tokenFile: flags.tokenFile ?? null,
          tls: tlsFiles(flags),
          insecure: flags.insecure === true,
          logLevel: flags.logLevel,
        }),
      );
    });
}

function addAgentCommand(program: Command): void {
  withServerOptions(program.command('agent'), '/var/lib/vinet/agent')
    .description('run the agent of this node in the foreground')
    .addOption(
      new Option('--node <name>', "the node's name in the fleet").env('VINET_NODE').makeOptionMandatory(),
    )
    .addOption(
      new Option('--controller <address>', 'whom to join: HOST:PORT or unix:/PATH')
        .env('VINET_CONTROLLER')
        .default(CONTROLLER_SOCKET),
    )
    .addOption(
      new Option(
        '--underlay-namespace <name>',
        'where tunnels travel, if not in the network of the machine',
      ).env('VINET_UNDERLAY_NAMESPACE'),
    )
    .addOption(
      new Option(
        '--underlay-address <address>',
        'where tunnels end here, if not at the first found; may be repeated',
      )
        .env('VINET_UNDERLAY_ADDRESS')
        .argParser(collect),
    )
    .addOption(
      new Option(
        '--outside-address <address>',
        'where other nodes see this one, if a router on the way translates addresses; one a family',
      )
        .env('VINET_OUTSIDE_ADDRESS')
        .argParser(collect),
    )
    .addOption(
      new Option('--metrics-listen <address>', 'Prometheus: HOST:PORT, or none')
        .env('VINET_METRICS_LISTEN')
        .default('127.0.0.1:9341'),
    )
    .addOption(
      new Option('--max-members <n>', 'virtual routers that this node may hold')
        .env('VINET_MAX_MEMBERS')
        .argParser(readWholeNumber),
    )
    .addOption(
      new Option('--templates <folder>', 'FRR templates of your own, instead of those shipped').env(
        'VINET_TEMPLATES',
      ),
    )
    .addOption(
      new Option('--frr-modules <folder>', "FRR's modules, for gRPC; none: speak to FRR by VTY only").env(
        'VINET_FRR_MODULES',
      ),
    )
    .addOption(
      new Option('--purge', 'remove everything that the agent of this state directory made, and exit'),
    )
    .action(async (flags: AgentFlags) => {
      const { purgeAgent, runAgent } = await import('./agent/main.ts');
      const options = {
        node: flags.node,
        controller: flags.controller,
        tokenFile: flags.tokenFile ?? null,
        tls: tlsFiles(flags),
        stateDirectory: flags.stateDirectory,
        underlayNamespace: flags.underlayNamespace ?? null,
        underlayAddresses: flags.underlayAddress ?? null,
        outsideAddresses: flags.outsideAddress ?? [],
        metricsListen: flags.metricsListen === 'none' ? null : flags.metricsListen,
        maxMembers: flags.maxMembers ?? null,
        templates: flags.templates ?? null,
        frrModules: flags.frrModules === 'none' ? '' : (flags.frrModules ?? null),
        logLevel: flags.logLevel,
      };
      goFirst();
      if (flags.purge === true) await purgeAgent(options);
      else await untilSignalled(await runAgent(options));
    });
}

function withServerOptions(command: Command, stateDirectory: string): Command {
  return command
    .addOption(
      new Option('--state-directory <folder>', 'what it must not forget')
        .env('VINET_STATE_DIRECTORY')
        .default(stateDirectory),
    )
    .addOption(
      new Option('--token-file <file>', 'the secret that guards the controller').env('VINET_TOKEN_FILE'),
    )
    .addOption(new Option('--tls-cert <file>', 'own certificate, PEM').env('VINET_TLS_CERT'))
    .addOption(new Option('--tls-key <file>', 'its key, PEM').env('VINET_TLS_KEY'))
    .addOption(
      new Option('--tls-ca <file>', 'authority that must have signed the other side, PEM').env(
        'VINET_TLS_CA',
      ),
    )
    .addOption(
      new Option('--log-level <level>', 'how much is logged')
        .env('VINET_LOG_LEVEL')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    );
}

function tlsFiles(flags: ServerFlags): { cert: string | null; key: string | null; ca: string | null } | null {
  const { tlsCert, tlsKey, tlsCa } = flags;
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return null;
  return { cert: tlsCert ?? null, key: tlsKey ?? null, ca: tlsCa ?? null };
}

/** Hundreds of daemons that compute routes at once must not keep controller and agents from hearing each other. */
function goFirst(): void {
  try {
    setPriority(constants.priority.PRIORITY_HIGH);
  } catch {
    // Not everybody may; it works without, only less smoothly.
  }
}

/** Keeps a server until it is asked to end; a second signal does not wait for it. */
async function untilSignalled(server: { close(): Promise<void> | void }): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await server.close();
}
