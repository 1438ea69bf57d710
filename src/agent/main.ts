import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { VERSION } from '../model/version.ts';
import { errorText, VinetError } from '../model/vinet-error.ts';
import { Agent } from './agent.ts';
import { lockStateFolder } from './agent-lock.ts';
import { ControllerLink } from './controller-link.ts';
import { openFrr } from './frr/frr.ts';
import { removeHostsFile } from './hosts-file.ts';
import type { Namespace } from './kernel/kernel.ts';
import { openKernel } from './kernel/open-kernel.ts';
import { startMetricsServer } from './metrics-server.ts';
import { raiseNeighborLimits } from './neighbor-capacity.ts';
import { forEachAtOnce } from './reconciler/worker-pool.ts';
import { answerRequest } from './requests.ts';
import { Reservation } from './reservation.ts';
import { describeSelf } from './self-description.ts';
import { StateFolder } from './state-folder.ts';

export interface AgentProgramOptions {
  readonly node: string;
  /** `unix:/PATH` or `HOST:PORT`. */
  readonly controller: string;
  readonly tokenFile: string | null;
  /** Files in PEM; null speaks without TLS. */
  readonly tls: {
    readonly cert: string | null;
    readonly key: string | null;
    readonly ca: string | null;
  } | null;
  readonly stateDirectory: string;
  /** Name in /run/netns of the namespace that is this node's network; null: the process's own. */
  readonly underlayNamespace: string | null;
  readonly underlayAddresses: readonly string[] | null;
  /** Where other nodes see this one behind NAT, one a family; none without. */
  readonly outsideAddresses: readonly string[];
  /** `HOST:PORT`; null serves no metrics. */
  readonly metricsListen: string | null;
  readonly maxMembers: number | null;
  /** Folder with templates of the operator's own. */
  readonly templates: string | null;
  /** Folder with FRR's gRPC module; null: where distributions put it. Empty: FRR is spoken to by VTY alone. */
  readonly frrModules: string | null;
  readonly logLevel: string;
}

/** Runs the agent of a node until `close`; the routers go on without it. */
export async function runAgent(options: AgentProgramOptions): Promise<{ close(): Promise<void> }> {
  const logger = pino({ level: options.logLevel, base: { node: options.node } }, pino.destination(2));
  const log = (message: string) => logger.info(message);
  const lock = await lockStateFolder(options.stateDirectory);
  const { kernel, frr, folder } = await openMachine(options, options.underlayNamespace, log);
  const node = await describeSelf(kernel, frr, {
    name: options.node,
    version: VERSION,
    underlayAddresses: options.underlayAddresses,
    outsideAddresses: options.outsideAddresses,
    maxMembers: options.maxMembers,
    metrics: options.metricsListen ?? '',
  });
  log(`node ${node.name} at ${node.underlay.join(', ')}, FRR ${node.capabilities.frr || 'not installed'}`);
  if (frr.remark !== '') log(frr.remark);
  raiseNeighborLimits(node.limits.members, log);

  let link: ControllerLink | null = null;
  const agent = new Agent({
    node,
    kernel,
    frr,
    folder,
    startsAtOnce: availableParallelism() + 1,
    log,
    onStatus: (status) => link?.sendStatus(status),
    onEvent: (event) => link?.sendEvent(event),
    isConnected: () => link?.connected ?? false,
  });
  const reservation = new Reservation(() => performance.now());
  link = new ControllerLink({
    address: options.controller,
    token: readToken(options.tokenFile),
    tls: readTls(options.tls),
    node,
    onDesired: (state) => {
      reservation.clear();
      agent.setDesired(state);
    },
    onRequest: (request, session) =>
      answerRequest(request, session, agent, reservation, { node, kernel, frr, folder }),
    onLost: () => reservation.clear(),
    log,
  });
  const metrics =
    options.metricsListen === null
      ? null
      : await startMetricsServer(options.metricsListen, () => agent.metrics.collect());

  return {
    async close() {
      await link.close();
      await metrics?.close();
      await agent.close();
      frr.close();
      kernel.close();
      lock.release();
    },
  };
}

/** Removes everything that the agent of a state folder ever made, whether or not its network is still there. */
export async function purgeAgent(options: AgentProgramOptions): Promise<void> {
  const lock = await lockStateFolder(options.stateDirectory);
  const { kernel, frr, folder } = await openMachine(options, null);
  await forEachAtOnce(folder.marks(), 64, async ({ namespace }) => {
    await frr.remove(namespace);
    kernel.vrfFolders.remove(namespace);
    kernel.deleteNamespace(namespace);
    removeHostsFile(namespace);
    folder.unmark(namespace);
  });
  // A lab's node has a network of its own, which goes with the lab.
  if (options.underlayNamespace === null) await clearTransport(kernel.underlay);
  folder.forgetDesired();
  frr.close();
  kernel.close();
  lock.release();
}

/** Takes away what tunnels needed in a network besides their devices. */
async function clearTransport(network: Namespace): Promise<void> {
  const { guePorts, associations, policies, sources, protectedPackets } = await network.readTransport();
  const errors = await network.programTransport([
    ...policies.map((policy) => ({ step: 'remove-policy', policy }) as const),
    ...associations.map((association) => ({ step: 'remove-association', association }) as const),
    ...guePorts.map((guePort) => ({ step: 'remove-gue-port', guePort }) as const),
    ...(sources === null ? [] : [{ step: 'set-tunnel-sources', sources: [] } as const]),
    ...(protectedPackets === null ? [] : [{ step: 'set-protected-packets', packets: [] } as const]),
  ]);
  const failure = errors.find((error) => error !== null);
  if (failure !== undefined) throw failure;
}

async function openMachine(
  options: AgentProgramOptions,
  underlay: string | null,
  log: (message: string) => void = () => undefined,
) {
  const shipped = join(import.meta.dirname, '../../frr/templates');
  return {
    kernel: await openKernel({ underlay }),
    frr: await openFrr({
      templateDirectories: options.templates === null ? [shipped] : [options.templates, shipped],
      ...(options.frrModules === null ? {} : { moduleFolders: [options.frrModules].filter(Boolean) }),
      log,
    }),
    folder: new StateFolder(options.stateDirectory),
  };
}

function readToken(file: string | null): string {
  return file === null ? '' : readSecret(file).trim();
}

function readTls(files: AgentProgramOptions['tls']) {
  if (files === null) return null;
  const read = (file: string | null) => (file === null ? null : readSecret(file));
  return { ca: read(files.ca), key: read(files.key), cert: read(files.cert) };
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new VinetError('unreadable', `cannot read ${file}: ${errorText(error)}`, { cause: error });
  }
}
