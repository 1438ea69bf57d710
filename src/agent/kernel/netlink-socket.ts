import { closeSync, openSync } from 'node:fs';
import netlink from 'netlink';
import { VinetError } from '../../model/vinet-error.ts';
import { fileError } from './kernel-error.ts';
import type { NetworkThread } from './network-thread.ts';
import { NETLINK_ROUTE } from './rtnetlink.ts';
import type { SystemCalls } from './system-calls.ts';

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
 * @param protocol NETLINK_…, rtnetlink unless said; fails with `unsupported` where the kernel lacks it
 */
export function openNetlinkSocket(
  thread: NetworkThread,
  namespaceFd: number,
  groups: readonly number[] = [],
  protocol = NETLINK_ROUTE,
): NetlinkSocket {
  return thread.inNamespace(namespaceFd, () => createNetlinkSocket(thread.calls, groups, protocol));
}

/** The same in the namespace that the thread is in. */
export function createNetlinkSocket(
  calls: SystemCalls,
  groups: readonly number[] = [],
  protocol = NETLINK_ROUTE,
): NetlinkSocket {
  const { socket, fd } = openWithDescriptor(calls, protocol);
  try {
    socket.unref();
    setOptions(calls, fd);
    for (const group of groups) socket.addMembership(group);
    return socket;
  } catch (error) {
    socket.close();
    throw fileError(error, 'open a netlink socket');
  }
}

/**
 * Closes a socket outside of its own callbacks: the addon goes on using it after a callback has returned.
 */
export function closeSoon(socket: NetlinkSocket): void {
  setImmediate(() => socket.close());
}

function setOptions(calls: SystemCalls, fd: number): void {
  calls.setSocketOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES);
  // The addon aborts the process when its socket has an error to report, so lost messages must be none:
  // listeners look at the whole anyway, and an answer that does not come is a timeout.
  calls.setSocketOption(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, 1);
  calls.setSocketOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
  calls.setSocketOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
  // A dump is then filtered by what its request says: of routes, by table and protocol.
  calls.setSocketOption(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
}

/**
 * The addon does not tell its socket's descriptor. The kernel gives the lowest number that is free, so it is
 * the one that was free just before, unless another thread came between; the socket's port proves it.
 */
function openWithDescriptor(
  calls: SystemCalls,
  protocol: number,
): { socket: netlink.RawNetlinkSocket; fd: number } {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const fd = openSync('/dev/null', 'r');
    closeSync(fd);
    const socket = createRawSocket(protocol);
    if (calls.netlinkPort(fd) === socket.address().port) return { socket, fd };
    socket.close();
  }
  throw new VinetError('kernel', 'the descriptor of a netlink socket cannot be told');
}

function createRawSocket(protocol: number): netlink.RawNetlinkSocket {
  try {
    return new netlink.RawNetlinkSocket(protocol);
  } catch (error) {
    throw fileError(error, `open a netlink socket of protocol ${protocol}`);
  }
}

const MAX_ATTEMPTS = 100;

const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_NO_ENOBUFS = 5;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

/** Holds the answers to the largest batch, or some thousand notifications; memory is used only as needed. */
const RECEIVE_BUFFER_BYTES = 2 << 20;
