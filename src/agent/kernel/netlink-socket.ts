import netlink from 'netlink';
import type { NetworkThread } from './network-thread.ts';
import { NETLINK_ROUTE } from './rtnetlink.ts';

/** What connection and listeners need of a netlink socket; npm `netlink` has it, tests make their own. */
export interface NetlinkSocket {
  send(bytes: Uint8Array, options: undefined, callback: (error?: Error) => void): void;
  on(event: 'message', listener: (bytes: Buffer, from: { port: number }) => void): unknown;
  on(event: 'truncatedMessage', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): void;
}

/**
 * Opens a socket that stays in the given namespace. It keeps no process alive: who waits for an answer has a
 * timer that does.
 * @param groups multicast groups (RTNLGRP_…) to join
 */
export function openNetlinkSocket(
  thread: NetworkThread,
  namespaceFd: number,
  groups: readonly number[] = [],
): NetlinkSocket {
  return thread.inNamespace(namespaceFd, () => createNetlinkSocket(groups));
}

/** The same in the namespace that the thread is in. */
export function createNetlinkSocket(groups: readonly number[] = []): NetlinkSocket {
  const socket = new netlink.RawNetlinkSocket(NETLINK_ROUTE, {
    recvBufferSize: BUFFER_BYTES,
    sendBufferSize: BUFFER_BYTES,
  });
  socket.unref();
  for (const group of groups) socket.addMembership(group);
  return socket;
}

/**
 * Closes a socket outside of its own callbacks: the addon goes on using it after a callback has returned.
 */
export function closeSoon(socket: NetlinkSocket): void {
  setImmediate(() => socket.close());
}

/** The kernel takes less where net.core.rmem_max says so. */
const BUFFER_BYTES = 2 << 20;
