import type { WireguardTunnel } from '../../../model/tunnel.ts';
import { VinetError } from '../../../model/vinet-error.ts';
import type { GenericNetlink } from '../generic-netlink.ts';
import type { NetlinkConnection } from '../netlink-connection.ts';
import {
  decodeDevice,
  encodeConfigureDevice,
  encodeGetDevice,
  encodeUpdatePeer,
  WIREGUARD_FAMILY,
} from './wireguard-message.ts';

/** The WireGuard devices of one namespace, by their index: their keys and peers. */
export class WireguardDevices {
  readonly #generic: GenericNetlink;
  /** Endpoints as they were given. */
  readonly #endpoints = new Map<number, Endpoint>();

  constructor(generic: GenericNetlink) {
    this.#generic = generic;
  }

  /** What each device is a tunnel of; one that is not as `configure` leaves it is left out. */
  async read(indices: readonly number[]): Promise<Map<number, WireguardTunnel>> {
    const tunnels = new Map<number, WireguardTunnel>();
    if (indices.length === 0) return tunnels;
    await this.#generic.use(async (connection) => {
      const family = await this.#generic.families.require(connection, WIREGUARD_FAMILY);
      for (const index of indices) {
        const tunnel = await readDevice(connection, family, index);
        if (tunnel !== null) tunnels.set(index, this.#asConfigured(index, tunnel));
      }
    });
    return tunnels;
  }

  /**
   * Gives a device its tunnel. Where only the preshared key or the endpoint differs from what it has, nothing else
   * is said, and a session that runs goes on.
   */
  async configure(index: number, tunnel: WireguardTunnel): Promise<void> {
    await this.#generic.use(async (connection) => {
      const family = await this.#generic.families.require(connection, WIREGUARD_FAMILY);
      const found = await readDevice(connection, family, index);
      const message = isSamePeer(found, tunnel)
        ? encodeUpdatePeer(family, index, tunnel)
        : encodeConfigureDevice(family, index, tunnel);
      const [error] = await connection.request([{ what: `configure WireGuard of link #${index}`, message }]);
      if (error) throw error;
      this.#endpoints.set(index, { remote: tunnel.remote, remotePort: tunnel.remotePort });
    });
  }

  /** The kernel moves an endpoint to where the peer's packets come from: that is no change of the tunnel. */
  #asConfigured(index: number, tunnel: WireguardTunnel): WireguardTunnel {
    return { ...tunnel, ...this.#endpoints.get(index) };
  }
}

type Endpoint = Pick<WireguardTunnel, 'remote' | 'remotePort'>;

/** Null as well for a device that went away meanwhile. */
async function readDevice(
  connection: NetlinkConnection,
  family: number,
  index: number,
): Promise<WireguardTunnel | null> {
  const request = { what: `read WireGuard of link #${index}`, message: encodeGetDevice(family, index) };
  try {
    const answers = await connection.dump(request, (...answer) => ({ tunnel: decodeDevice(...answer) }));
    return answers.length === 1 ? (answers[0]?.tunnel ?? null) : null;
  } catch (error) {
    if (error instanceof VinetError && error.code === 'not-found') return null;
    throw error;
  }
}

function isSamePeer(found: WireguardTunnel | null, wanted: WireguardTunnel): boolean {
  return found !== null && SESSION_FIELDS.every((field) => found[field] === wanted[field]);
}

const SESSION_FIELDS = ['port', 'privateKey', 'peerPublicKey'] as const;
