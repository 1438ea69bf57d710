import { errorText } from '../../../model/vinet-error.ts';
import { loadNorthbound, NorthboundClient, type NorthboundMethods } from '../../../rpc/northbound-client.ts';
import type { Namespace } from '../../kernel/kernel.ts';
import { readArguments } from '../process-table.ts';
import type { VtyClient } from '../vty-client.ts';
import { type DaemonChannel, VtyChannel } from './daemon-channel.ts';
import { NorthboundChannel } from './northbound-channel.ts';

/**
 * Daemons whose configuration is in YANG at release 8.4, each with a TCP port of its own in its namespace. No program
 * is given such a port by chance: they are below those that Linux hands out (`ip_local_port_range`).
 */
const PORTS: ReadonlyMap<string, number> = new Map([
  ['zebra', 2651],
  ['ripd', 2652],
  ['isisd', 2653],
  ['staticd', 2654],
  ['bfdd', 2655],
]);

/** What this machine can do where FRR has its gRPC module: one of a node's `features`. */
export const NORTHBOUND_FEATURE = 'frr-grpc';

/**
 * FRR's gRPC module, which listens on every address of a daemon's namespace and asks nobody who they are. So it is
 * loaded only where the ports are guarded; elsewhere a daemon is spoken to by VTY alone.
 */
export class Northbound {
  readonly #module: string;
  readonly #log: (message: string) => void;
  readonly #guarded = new WeakSet<Namespace>();
  readonly #complainedOf = new WeakSet<Namespace>();
  #methods: NorthboundMethods | null = null;

  /** @param module path of the shared object */
  constructor(module: string, log: (message: string) => void) {
    this.#module = module;
    this.#log = log;
  }

  /** What a daemon about to be started is to be given besides; nothing where it has no northbound. */
  async argumentsOf(daemon: string, namespace: Namespace): Promise<string[]> {
    const port = PORTS.get(daemon);
    if (port === undefined || !(await this.guard(namespace))) return [];
    return ['-M', `${this.#module}:${port}`];
  }

  /** Sees to it that the ports are guarded; false where that cannot be. */
  async guard(namespace: Namespace): Promise<boolean> {
    try {
      await namespace.guardPorts([...PORTS.values()], this.#guarded.has(namespace) ? 'keep' : 'renew');
      this.#guarded.add(namespace);
      return true;
    } catch (error) {
      if (!this.#complainedOf.has(namespace))
        this.#log(`FRR's gRPC ports in ${namespace.name} cannot be guarded: ${errorText(error)}`);
      this.#complainedOf.add(namespace);
      return false;
    }
  }

  /** The way to a running daemon, by what it was started with. */
  channelTo(daemon: string, pid: number, namespace: Namespace | null, vty: () => VtyClient): DaemonChannel {
    const port = PORTS.get(daemon);
    const serves = port !== undefined && readArguments(pid).includes(`${this.#module}:${port}`);
    if (!serves || namespace === null) return new VtyChannel(vty);
    const connect = (timeoutMs: number) => {
      this.#methods ??= loadNorthbound();
      return new NorthboundClient(this.#methods, namespace.connectToLoopback(port), timeoutMs);
    };
    return new NorthboundChannel({ daemon, connect, vty, log: this.#log });
  }
}
