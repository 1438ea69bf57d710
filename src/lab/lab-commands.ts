import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../cli/command-context.ts';
import { readDurationMs, readWholeNumber } from '../cli/option-values.ts';
import { createProgress, type Progress } from '../cli/progress.ts';
import { renderTable } from '../cli/table.ts';
import type { Terminal } from '../cli/terminal.ts';
import { VinetError } from '../model/vinet-error.ts';
import { labNodes, labPaths } from './lab-layout.ts';

interface LabFlags {
  readonly name: string;
  readonly dir: string;
  readonly timeout: number;
}

interface LabUpFlags extends LabFlags {
  readonly nodes: number;
  readonly mtu?: number;
}

/** `vinet lab up|down|status`: an emulated internet of nodes on this machine. */
export function addLabCommands(program: Command, context: CommandContext): void {
  const { terminal } = context;
  const lab = program
    .command('lab')
    .description('an emulated internet of nodes on this machine, all in the background');
  withLabOptions(lab.command('up'))
    .description('start a lab, or repair and widen the one that runs')
    .addOption(
      new Option('--nodes <n>', 'how many nodes')
        .env('VINET_LAB_NODES')
        .default(3)
        .argParser(readWholeNumber),
    )
    .addOption(
      new Option('--mtu <bytes>', 'of the network between them (1500)')
        .env('VINET_LAB_MTU')
        .argParser(readWholeNumber),
    )
    .addOption(timeoutOption('for all agents to connect'))
    .action((flags: LabUpFlags) => withProgress(terminal, (progress) => runUp(flags, terminal, progress)));
  withLabOptions(lab.command('status'))
    .description('what runs of it')
    .action(async (flags: LabFlags) => context.setStatus(await runStatus(flags, terminal)));
  withLabOptions(lab.command('down'))
    .description('end it and leave nothing of it: overlays, routers, processes, namespaces, files')
    .addOption(timeoutOption('for overlays to be deleted the orderly way'))
    .action((flags: LabFlags) => withProgress(terminal, (progress) => runDown(flags, terminal, progress)));
  lab
    .command('keep', { hidden: true })
    .description('start again what dies of a lab, in the foreground; `lab up` starts it in the background')
    .requiredOption('--keep <folder>', 'of the lab')
    .action((flags: { keep: string }) => runKeep(flags.keep, terminal));
}

function withLabOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--name <name>', 'begins the names of its namespaces')
        .env('VINET_LAB_NAME')
        .default('vinet'),
    )
    .addOption(
      new Option('--dir <folder>', 'state, logs and sockets').env('VINET_LAB_DIR').default('/run/vinet/lab'),
    );
}

function timeoutOption(what: string): Option {
  return new Option('--timeout <duration>', what)
    .env('VINET_LAB_TIMEOUT')
    .default(60_000, '60s')
    .argParser(readDurationMs);
}

async function withProgress(terminal: Terminal, work: (progress: Progress) => Promise<void>): Promise<void> {
  const progress = createProgress(terminal);
  try {
    await work(progress);
  } finally {
    progress.finish();
  }
}

async function runUp(flags: LabUpFlags, terminal: Terminal, progress: Progress): Promise<void> {
  const { bringLabUp } = await import('./lab.ts');
  const { plan, existed, started, nodes } = await bringLabUp({
    kernel: await openHostKernel(),
    directory: resolve(flags.dir),
    name: flags.name,
    nodes: flags.nodes,
    mtu: flags.mtu ?? null,
    program: vinetProgram(),
    timeoutMs: flags.timeout,
    progress,
  });
  progress.finish();
  terminal.write(`${whatHappened(existed, started, plan.nodes, flags.nodes)}\n\n`);
  terminal.write(
    renderTable(
      [
        { title: 'NODE' },
        { title: 'NAMESPACE' },
        { title: 'ADDRESS' },
        { title: 'ROUTERS', align: 'right' },
        { title: 'METRICS' },
      ],
      labNodes(plan).map((node) => {
        const view = nodes.find((candidate) => candidate.name === node.name);
        return [
          node.name,
          node.namespace,
          node.address,
          `${view?.members.used ?? 0}/${view?.members.limit ?? plan.maxMembers}`,
          `http://127.0.0.1:${node.metricsPort}/metrics`,
        ];
      }),
      terminal.paint,
    ),
  );
  const other = plan.directory === '/run/vinet/lab' ? '' : ` (with VINET_LAB_DIR=${plan.directory})`;
  terminal.write(
    [
      '',
      `Controller: http://127.0.0.1:${plan.restPort}, its own metrics at /metrics; logs: ${labPaths(plan.directory).log('*')}`,
      `Next${other}: vinet apply -f examples/ring.yaml --wait, then vinet get routers ring, vinet trace ring r1 r6.`,
      'Prometheus finds all targets through the controller: prometheus --config.file=grafana/prometheus.yml',
      '',
    ].join('\n'),
  );
}

function whatHappened(existed: boolean, started: readonly string[], nodes: number, asked: number): string {
  const fewer =
    asked < nodes ? `, with ${nodes} nodes: it does not shrink, end it with \`vinet lab down\`` : '';
  if (!existed) return `The lab is up: ${nodes} ${nodes === 1 ? 'node' : 'nodes'} and a controller.`;
  if (started.length === 0) return `The lab was running already${fewer}; nothing was missing.`;
  return `The lab was there already${fewer}; started what was missing: ${started.join(', ')}.`;
}

async function runStatus(flags: LabFlags, terminal: Terminal): Promise<number> {
  const { connectToLab, inspectLab, readNodes } = await import('./lab.ts');
  const { readPlan } = await import('./lab-folder.ts');
  requireRoot();
  const plan = readPlan(resolve(flags.dir));
  if (plan === null) {
    terminal.write(`No lab in ${flags.dir}; \`vinet lab up\` starts one.\n`);
    return 1;
  }
  const client = await connectToLab(plan);
  const answer = await readNodes(client).catch(() => null);
  client.close();
  const [nodes, reached] = [answer ?? [], answer !== null];
  const parts = inspectLab(await openHostKernel(), plan);
  const rows = parts.map(({ process, pid, namespace, namespaceThere }) => {
    const node = nodes.find((candidate) => candidate.name === process.name);
    const reachable = process.name === 'controller' ? reached : node?.connected === true;
    return [
      process.name,
      pid === null
        ? ({ text: 'dead', style: 'bad' } as const)
        : ({ text: 'running', style: 'good' } as const),
      pid === null ? '' : String(pid),
      namespaceThere ? namespace : ({ text: `${namespace} missing`, style: 'bad' } as const),
      process.name === 'keeper' ? '' : reachable ? 'yes' : ({ text: 'no', style: 'bad' } as const),
      node === undefined ? '' : `${node.members.used}/${node.members.limit}`,
      labPaths(plan.directory).log(process.name),
    ];
  });
  const titles = ['PROCESS', 'STATE', 'PID', 'NAMESPACE', 'CONNECTED', 'ROUTERS', 'LOG'];
  terminal.write(
    renderTable(
      titles.map((title) => ({ title })),
      rows,
      terminal.paint,
    ),
  );
  const whole = parts.every((part) => part.pid !== null && part.namespaceThere);
  if (!whole) terminal.tell('`vinet lab up` repairs what is missing.\n');
  return whole ? 0 : 1;
}

async function runDown(flags: LabFlags, terminal: Terminal, progress: Progress): Promise<void> {
  const { takeLabDown } = await import('./lab-removal.ts');
  const ended = await takeLabDown({
    kernel: await openHostKernel(),
    directory: resolve(flags.dir),
    name: flags.name,
    program: vinetProgram(),
    timeoutMs: flags.timeout,
    progress,
  });
  progress.finish();
  terminal.write(
    ended ? 'The lab is gone; nothing is left of it.\n' : `No lab in ${flags.dir}: nothing to do.\n`,
  );
}

async function runKeep(directory: string, terminal: Terminal): Promise<void> {
  const { keepLab } = await import('./lab-keeper.ts');
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  await keepLab({
    directory,
    program: vinetProgram(),
    signal: ending.signal,
    log: (message) => terminal.tell(`${new Date().toISOString()} ${message}\n`),
  });
}

/** The same installation's launcher, wherever this file is run from. */
function vinetProgram(): string[] {
  return [process.execPath, fileURLToPath(new URL('../../bin/vinet', import.meta.url))];
}

async function openHostKernel() {
  requireRoot();
  const { openKernel } = await import('../agent/kernel/open-kernel.ts');
  return openKernel({ underlay: null });
}

function requireRoot(): void {
  if (process.getuid?.() !== 0) {
    throw new VinetError(
      'not-root',
      'a lab makes network namespaces, and only root may: try `sudo npx vinet lab …`',
    );
  }
}
