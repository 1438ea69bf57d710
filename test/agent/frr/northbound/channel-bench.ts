import { fileURLToPath } from 'node:url';
import { type Frr, openFrr } from '../../../../src/agent/frr/frr.ts';
import { type DaemonChannel, VtyChannel } from '../../../../src/agent/frr/northbound/daemon-channel.ts';
import { Northbound } from '../../../../src/agent/frr/northbound/northbound.ts';
import { VtyClient } from '../../../../src/agent/frr/vty-client.ts';
import type { Namespace } from '../../../../src/agent/kernel/kernel.ts';
import type { DaemonName } from '../../../../src/model/routing-state.ts';
import { ip, KernelRoom } from '../../kernel/kernel-room.ts';
import { FRR_MODULES, MODULE_FOLDER } from '../module-folder.ts';
import { runningConfig } from '../running-config.ts';

const TEMPLATES = fileURLToPath(new URL('../../../../frr/templates', import.meta.url));
const ZEBRA = 'hostname r1\n';

/** A router whose daemons are spoken to as the lane has it, and a second one beside it; `clear` takes all away. */
export class ChannelBench {
  readonly #frr: Frr;
  readonly #room: KernelRoom;
  readonly #vtys: VtyClient[] = [];
  #router: Namespace | null = null;
  #fresh: Namespace | null = null;

  private constructor(frr: Frr, room: KernelRoom) {
    this.#frr = frr;
    this.#room = room;
  }

  static async open(): Promise<ChannelBench> {
    const frr = await openFrr({
      templateDirectories: [TEMPLATES],
      deadlines: { startMs: 60_000, answerMs: 60_000 },
      ...FRR_MODULES,
    });
    return new ChannelBench(frr, await KernelRoom.open());
  }

  get frr(): Frr {
    return this.#frr;
  }

  get room(): KernelRoom {
    return this.#room;
  }

  async router(): Promise<Namespace> {
    this.#router ??= await this.#make('r1');
    return this.#router;
  }

  async startZebra(): Promise<DaemonChannel> {
    return this.#meet('zebra', await this.router());
  }

  /** zebra and this daemon. */
  async start(daemon: DaemonName, config: string): Promise<DaemonChannel> {
    const router = await this.router();
    await this.#frr.start(router.name, daemon, config, router);
    return this.#meet(daemon, router);
  }

  /** The same in another router, by its file. */
  async startFresh(daemon: DaemonName, config: string): Promise<DaemonChannel> {
    this.#fresh ??= await this.#make('fresh');
    await this.#frr.start(this.#fresh.name, daemon, config, this.#fresh);
    return this.#meet(daemon, this.#fresh);
  }

  running(daemon: DaemonName): Promise<string[]> {
    return runningConfig(this.#router?.name ?? '', daemon);
  }

  runningFresh(daemon: DaemonName): Promise<string[]> {
    return runningConfig(this.#fresh?.name ?? '', daemon);
  }

  kernelRoutes(): string {
    return this.#router === null ? '' : ip(this.#router, 'route', 'show');
  }

  /** As an operator does in vtysh. */
  async sayByHand(daemon: DaemonName, ...lines: string[]): Promise<void> {
    const vty = await this.#openVty(daemon, this.#router?.name ?? '');
    const refused = await vty.configure(lines, 'stop', 60_000);
    if (refused.length > 0) throw new Error(JSON.stringify(refused));
  }

  async clear(): Promise<void> {
    for (const vty of this.#vtys.splice(0)) vty.close();
    for (const namespace of [this.#router, this.#fresh])
      if (namespace !== null) await this.#frr.remove(namespace.name);
    this.#frr.close();
    this.#room.leave();
  }

  async #make(suffix: string): Promise<Namespace> {
    const namespace = await this.#room.create(suffix);
    await this.#frr.start(namespace.name, 'zebra', ZEBRA, namespace);
    return namespace;
  }

  async #meet(daemon: DaemonName, router: Namespace): Promise<DaemonChannel> {
    const vty = await this.#openVty(daemon, router.name);
    if (MODULE_FOLDER === null) return new VtyChannel(() => vty);
    const running = await this.#frr.observe(router.name, router);
    const pid = running.find((other) => other.daemon === daemon)?.pid ?? 0;
    const northbound = new Northbound(`${MODULE_FOLDER}/grpc.so`, () => {});
    return northbound.channelTo(daemon, pid, router, () => vty);
  }

  async #openVty(daemon: DaemonName, pathspace: string): Promise<VtyClient> {
    const vty = await VtyClient.connect(`/run/frr/${pathspace}/${daemon}.vty`);
    this.#vtys.push(vty);
    return vty;
  }
}
