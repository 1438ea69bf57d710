import { readFileSync } from 'node:fs';

/**
 * Ports of the rtnetlink sockets that are bound in the network that this thread is in, whosesoever they are:
 * /proc/net/netlink, of whose columns the second is the protocol and the third the port.
 */
export function readNetlinkPorts(): Set<number> {
  return parseNetlinkPorts(readFileSync('/proc/thread-self/net/netlink', 'latin1'));
}

/** Pure. */
export function parseNetlinkPorts(table: string): Set<number> {
  const sockets = table.matchAll(/^[0-9a-f]+ +0 +(\d+) /gm);
  return new Set([...sockets].map(([, port]) => Number(port)));
}
