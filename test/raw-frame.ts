import koffi from 'koffi';
import type { Namespace } from '../src/agent/kernel/kernel.ts';
import { NetworkThread } from '../src/agent/kernel/network-thread.ts';
import { loadSystemCalls } from '../src/agent/kernel/system-calls.ts';

/** Sends Ethernet frames as they are through an interface of a namespace (packet(7)), as an attacker would. */
export function sendFrames(namespace: Namespace, interfaceIndex: number, frames: readonly Buffer[]): void {
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const sendto = libc.func(
    'long sendto(int fd, const uint8_t *bytes, size_t length, int flags, const uint8_t *address, uint32_t size)',
  );
  const close = libc.func('int close(int fd)');
  const thread = new NetworkThread(loadSystemCalls());
  try {
    thread.inNamespace(namespace.fd, () => {
      const fd = socket(AF_PACKET, SOCK_RAW, 0);
      if (fd < 0) throw new Error(`socket: errno ${koffi.errno()}`);
      try {
        const address = linkAddress(interfaceIndex);
        for (const frame of frames)
          if (sendto(fd, frame, frame.length, 0, address, address.length) !== frame.length)
            throw new Error(`sendto: errno ${koffi.errno()}`);
      } finally {
        close(fd);
      }
    });
  } finally {
    thread.close();
  }
}

/** struct sockaddr_ll */
function linkAddress(interfaceIndex: number): Buffer {
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeInt32LE(interfaceIndex, 4);
  return address;
}

const AF_PACKET = 17;
const SOCK_RAW = 3;
