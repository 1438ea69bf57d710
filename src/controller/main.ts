import { join } from 'node:path';
import { VERSION } from '../model/version.ts';
import { errorText, VinetError } from '../model/vinet-error.ts';
import { type Api, buildApi } from './api/app.ts';
import { createEventLog } from './events/event-log.ts';
import { AgentFleet } from './fleet/fleet.ts';
import {
  formatListenAddress,
  type ListenAddress,
  parseListenAddress,
  refuseExposure,
} from './listen/listen-address.ts';
import { readTlsFiles, type TlsFiles } from './listen/tls-files.ts';
import { readOrCreateToken } from './listen/token.ts';
import { clearStaleSocket, restrictSocket } from './listen/unix-socket.ts';
import { createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { openInventory } from './overlays/inventory.ts';
import { OverlayService } from './overlays/overlay-service.ts';
import { openSqliteStore } from './store/sqlite-store.ts';

export interface ControllerOptions {
  /** `/var/lib/vinet/controller` unless said. */
  readonly stateDirectory?: string;
  /** REST: `HOST:PORT` or `unix:/PATH`; `127.0.0.1:9340` unless said. Port 0 takes any. */
  readonly restListen?: string;
  /** Agents: the same; `unix:/run/vinet/controller.sock` unless said. */
  readonly grpcListen?: string;
  /** The secret of REST and of agents that come by TCP; STATE/token unless said, made where it is absent. */
  readonly tokenFile?: string | null;
  readonly tls?: TlsFiles | null;
  /** Listens also where others could read the token on the way. */
  readonly insecure?: boolean;
  /** How long a node may take to promise; 10,000 unless said. */
  readonly prepareDeadlineMs?: number;
  /** debug, info, warn, error or silent. */
  readonly logLevel?: string;
}

export interface RunningController {
  /** As `restListen`, with the port that was bound. */
  readonly restAddress: string;
  readonly grpcAddress: string;
  /** Ends what is going on in good order; overlays and their packets go on without a controller. */
  close(): Promise<void>;
}

const ROTATION_CHECK_MS = 5_000;
const UPGRADE_CHECK_MS = 500;

/** Runs the controller until `close`. Signals are the caller's. Fails with a VinetError that says what to do. */
export async function runController(options: ControllerOptions): Promise<RunningController> {
  const rest = parseListenAddress(options.restListen ?? '127.0.0.1:9340');
  const grpc = parseListenAddress(options.grpcListen ?? 'unix:/run/vinet/controller.sock');
  const tls = readTlsFiles(options.tls ?? null);
  const protection = { tls: tls !== null, insecure: options.insecure ?? false };
  for (const address of [rest, grpc]) refuseExposure(address, protection);

  const folder = options.stateDirectory ?? '/var/lib/vinet/controller';
  const log = createLog(options.logLevel ?? 'info');
  const cleanups: (() => void | Promise<void>)[] = [];
  const close = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  try {
    const store = openSqliteStore(join(folder, 'controller.db'));
    cleanups.push(() => store.close());
    const inventory = await openInventory(store);
    const token = readOrCreateToken(options.tokenFile ?? join(folder, 'token'));
    const events = createEventLog();
    const fleet = new AgentFleet({ address: grpc, tls, token, version: VERSION, log });
    const prepareDeadlineMs = options.prepareDeadlineMs ?? 10_000;
    const service = new OverlayService({ store, inventory, fleet, events, log, prepareDeadlineMs });
    cleanups.push(() => service.idle());
    const rotations = setInterval(() => service.rotateDue(), ROTATION_CHECK_MS);
    cleanups.push(() => clearInterval(rotations));
    const upgrades = setInterval(() => {
      service.upgrade.look().catch((err: unknown) => log.error({ err }, 'could not go on with the upgrade'));
    }, UPGRADE_CHECK_MS);
    cleanups.push(() => clearInterval(upgrades));
    const metrics = createMetrics({ inventory, fleet, watch: service.watch });
    const parts = { service, inventory, fleet, events, metrics, token, version: VERSION, log, tls };
    const api = await buildApi(parts);
    cleanups.push(() => api.close());
    const restAddress = await listen(api, rest);
    const agents = await fleet.listen(service);
    cleanups.push(() => agents.close());
    log.info({ address: restAddress, overlays: inventory.overlays.size }, 'the controller is ready');
    return { restAddress, grpcAddress: agents.address, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(api: Api, address: ListenAddress): Promise<string> {
  const text = formatListenAddress(address);
  if (address.kind === 'unix') await clearStaleSocket(address.path);
  try {
    await api.listen(
      address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port },
    );
  } catch (cause) {
    throw listenFailure(text, cause);
  }
  if (address.kind === 'unix') {
    restrictSocket(address.path);
    return text;
  }
  const bound = api.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return formatListenAddress({ ...address, port });
}

function listenFailure(address: string, cause: unknown): VinetError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    const message = `${address} is in use, perhaps by another controller: stop that, or choose another address with --listen`;
    return new VinetError('address-in-use', message, { cause, context: { address } });
  }
  return new VinetError('listen-failed', `cannot listen on ${address}: ${errorText(cause)}`, { cause });
}
