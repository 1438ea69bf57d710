import type { NetlinkRequest } from './netlink-connection.ts';

/** Requests in the groups in which they go to the kernel, each with one system call. */
export function* splitBatches(requests: readonly NetlinkRequest[]): Generator<NetlinkRequest[]> {
  let batch: NetlinkRequest[] = [];
  let bytes = 0;
  for (const request of requests) {
    const full = batch.length >= MAX_BATCH_MESSAGES || bytes + request.message.length > MAX_BATCH_BYTES;
    if (full && request.joined !== true) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(request);
    bytes += request.message.length;
  }
  if (batch.length > 0) yield batch;
}

/** Each failure is answered with a copy of its message, and all of them must fit into the receive buffer. */
const MAX_BATCH_MESSAGES = 128;
const MAX_BATCH_BYTES = 64 * 1024;
