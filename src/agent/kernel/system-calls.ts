import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import koffi from 'koffi';
import { kernelError } from './kernel-error.ts';

/** System calls that Node has no function for, on the calling thread. Each throws an error of ours. */
export interface SystemCalls {
  /** setns(2) with CLONE_NEWNET. Returns the errno instead of throwing: callers tell apart what it means. */
  enterNetwork(fd: number): number;
  /** unshare(2) with CLONE_NEWNET. */
  leaveNetwork(): void;
  /** unshare(2) with CLONE_NEWNS. Mounts that others make and take away still come in; none goes out. */
  leaveMounts(): void;
  /** setns(2) with CLONE_NEWNS, which moves the thread to the root, and chdir(2). Returns the errno. */
  enterMounts(fd: number, folder: string): number;
  /** mount(2). */
  mount(source: string, target: string, flags: number): void;
  /** umount2(2) with MNT_DETACH; false when nothing is mounted there or the path is gone. */
  detach(target: string): boolean;
  /** flock(2), exclusive; released by closing the descriptor. */
  lock(fd: number): void;
  /** getsockname(2): the port of a netlink socket; null when the descriptor is none. */
  netlinkPort(fd: number): number | null;
  /** if_nametoindex(3): 0 where the network that the thread is in has no such interface. */
  interfaceIndex(name: string): number;
  /** setsockopt(2) of a number. */
  setSocketOption(fd: number, level: number, option: number, value: number): void;
  /** socket(2), bind(2) and listen(2): TCP at 127.0.0.1. What is started meanwhile does not inherit the descriptor. */
  listenOnLoopback(port: number): number;
  /** socket(2) and connect(2), which is not waited for: TCP to 127.0.0.1. */
  connectToLoopback(port: number): number;
  /** socket(2) of packet type raw, SO_BINDTODEVICE and sendto(2), ip(7). */
  sendRaw(device: string, protocol: number, destination: string, payload: Uint8Array): void;
}

export const MS_BIND = 0x1000;
export const MS_REC = 0x4000;
export const MS_PRIVATE = 0x40000;
export const MS_SHARED = 0x100000;
const MS_SLAVE = 0x80000;

export function loadSystemCalls(): SystemCalls {
  const libc = koffi.load(null);
  const setns = libc.func('int setns(int fd, int nstype)');
  const unshare = libc.func('int unshare(int flags)');
  const mount = libc.func(
    'int mount(const char *source, const char *target, const char *type, unsigned long flags, void *data)',
  );
  const chdir = libc.func('int chdir(const char *path)');
  const umount2 = libc.func('int umount2(const char *target, int flags)');
  const flock = libc.func('int flock(int fd, int operation)');
  const getsockname = libc.func('int getsockname(int fd, void *address, _Inout_ uint32_t *length)');
  const nameToIndex = libc.func('unsigned int if_nametoindex(const char *name)');
  const setsockopt = libc.func(
    'int setsockopt(int fd, int level, int option, const int *value, uint32_t length)',
  );
  const setsockoptBytes = libc.func(
    'int setsockopt(int fd, int level, int option, const void *value, uint32_t length)',
  );
  const sendto = libc.func(
    'long sendto(int fd, const void *bytes, size_t length, int flags, const void *address, uint32_t size)',
  );
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const bind = libc.func('int bind(int fd, const void *address, uint32_t length)');
  const listen = libc.func('int listen(int fd, int backlog)');
  const connect = libc.func('int connect(int fd, const void *address, uint32_t length)');

  function check(result: number, what: () => string): void {
    if (result !== 0) throw kernelError(koffi.errno(), what());
  }

  /** Runs `use` on a TCP socket and the address of a port of loopback; closes the socket when that fails. */
  function withLoopback(port: number, use: (fd: number, address: Buffer) => void): number {
    const fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw kernelError(koffi.errno(), 'socket');
    try {
      const address = Buffer.alloc(SOCKADDR_IN_BYTES);
      address.writeUInt16LE(AF_INET, 0);
      address.writeUInt16BE(port, 2);
      address.set([127, 0, 0, 1], 4);
      use(fd, address);
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  function setSocketOption(fd: number, level: number, option: number, value: number): void {
    check(setsockopt(fd, level, option, [value], 4), () => `setsockopt ${level} ${option}`);
  }

  return {
    enterNetwork: (fd) => (setns(fd, CLONE_NEWNET) === 0 ? 0 : koffi.errno()),
    leaveNetwork: () => check(unshare(CLONE_NEWNET), () => 'unshare'),
    leaveMounts() {
      check(unshare(CLONE_NEWNS), () => 'unshare');
      check(mount('none', '/', 'none', MS_SLAVE | MS_REC, null), () => 'mount /');
    },
    enterMounts: (fd, folder) => (setns(fd, CLONE_NEWNS) === 0 && chdir(folder) === 0 ? 0 : koffi.errno()),
    mount: (source, target, flags) =>
      check(mount(source, target, 'none', flags, null), () => `mount ${target}`),
    detach(target) {
      if (umount2(target, MNT_DETACH) === 0) return true;
      const errno = koffi.errno();
      if (errno === koffi.os.errno.ENOENT || errno === koffi.os.errno.EINVAL) return false;
      throw kernelError(errno, `umount ${target}`);
    },
    lock: (fd) => check(flock(fd, LOCK_EX), () => 'flock'),
    netlinkPort(fd) {
      const address = Buffer.alloc(SOCKADDR_NL_BYTES);
      const length = [SOCKADDR_NL_BYTES];
      if (getsockname(fd, address, length) !== 0) return null;
      return length[0] === SOCKADDR_NL_BYTES && address.readUInt16LE(0) === AF_NETLINK
        ? address.readUInt32LE(4)
        : null;
    },
    interfaceIndex: (name) => nameToIndex(name),
    setSocketOption,
    listenOnLoopback: (port) =>
      withLoopback(port, (fd, address) => {
        setSocketOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
        check(bind(fd, address, address.length), () => `bind 127.0.0.1:${port}`);
        check(listen(fd, BACKLOG), () => `listen 127.0.0.1:${port}`);
      }),
    connectToLoopback: (port) =>
      withLoopback(port, (fd, address) => {
        const isUnderWay = connect(fd, address, address.length) === 0 || koffi.errno() === EINPROGRESS;
        if (!isUnderWay) throw kernelError(koffi.errno(), `connect 127.0.0.1:${port}`);
      }),
    sendRaw(device, protocol, destination, payload) {
      const fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, protocol);
      if (fd < 0) throw kernelError(koffi.errno(), 'socket');
      try {
        const name = Buffer.from(`${device}\0`);
        check(setsockoptBytes(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length), () => `device ${device}`);
        const address = Buffer.alloc(SOCKADDR_IN_BYTES);
        address.writeUInt16LE(AF_INET, 0);
        address.set(destination.split('.').map(Number), 4);
        const sent = sendto(fd, payload, payload.length, 0, address, address.length);
        check(sent === payload.length ? 0 : -1, () => `sendto ${destination} by ${device}`);
      } finally {
        closeSync(fd);
      }
    },
  };
}

const CLONE_NEWNET = 0x40000000;
const CLONE_NEWNS = 0x20000;
const MNT_DETACH = 2;
const LOCK_EX = 2;
const AF_NETLINK = 16;
const SOCKADDR_NL_BYTES = 12;
const AF_INET = 2;
const { EINPROGRESS } = constants.errno;
const SOCK_STREAM = 1;
const SOCK_RAW = 3;
const SO_BINDTODEVICE = 25;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SOCKADDR_IN_BYTES = 16;
const BACKLOG = 4;
