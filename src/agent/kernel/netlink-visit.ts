import { NetlinkConnection } from './netlink-connection.ts';
import { openNetlinkSocket } from './netlink-socket.ts';
import type { NetworkThread } from './network-thread.ts';

/**
 * Talks another netlink protocol (NETLINK_…) in one namespace, over a socket that is there for that long only.
 * Fails with `unsupported` where the kernel lacks the protocol.
 */
export type NetlinkVisit = <T>(
  protocol: number,
  talk: (connection: NetlinkConnection) => Promise<T>,
) => Promise<T>;

/** @param namespaceFd asked at each visit, since namespaces get closed */
export function createNetlinkVisit(
  thread: NetworkThread,
  namespaceFd: () => number,
  timeoutMs: number,
): NetlinkVisit {
  return async (protocol, talk) => {
    const socket = openNetlinkSocket(thread, namespaceFd(), [], protocol);
    const connection = new NetlinkConnection(socket, { timeoutMs });
    try {
      return await talk(connection);
    } finally {
      connection.close();
    }
  };
}
