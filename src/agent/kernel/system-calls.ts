import koffi from 'koffi';
import { kernelError } from './kernel-error.ts';

/** System calls that Node has no function for, on the calling thread. Each throws an error of ours. */
export interface SystemCalls {
  /** setns(2) with CLONE_NEWNET. Returns the errno instead of throwing: callers tell apart what it means. */
  enterNetwork(fd: number): number;
  /** unshare(2) with CLONE_NEWNET. */
  leaveNetwork(): void;
  /** mount(2). */
  mount(source: string, target: string, flags: number): void;
  /** umount2(2) with MNT_DETACH; false when nothing is mounted there or the path is gone. */
  detach(target: string): boolean;
  /** flock(2), exclusive; released by closing the descriptor. */
  lock(fd: number): void;
}

export const MS_BIND = 0x1000;
export const MS_REC = 0x4000;
export const MS_SHARED = 0x100000;

export function loadSystemCalls(): SystemCalls {
  const libc = koffi.load(null);
  const setns = libc.func('int setns(int fd, int nstype)');
  const unshare = libc.func('int unshare(int flags)');
  const mount = libc.func(
    'int mount(const char *source, const char *target, const char *type, unsigned long flags, void *data)',
  );
  const umount2 = libc.func('int umount2(const char *target, int flags)');
  const flock = libc.func('int flock(int fd, int operation)');

  function check(result: number, what: () => string): void {
    if (result !== 0) throw kernelError(koffi.errno(), what());
  }

  return {
    enterNetwork: (fd) => (setns(fd, CLONE_NEWNET) === 0 ? 0 : koffi.errno()),
    leaveNetwork: () => check(unshare(CLONE_NEWNET), () => 'unshare'),
    mount: (source, target, flags) =>
      check(mount(source, target, 'none', flags, null), () => `mount ${target}`),
    detach(target) {
      if (umount2(target, MNT_DETACH) === 0) return true;
      const errno = koffi.errno();
      if (errno === koffi.os.errno.ENOENT || errno === koffi.os.errno.EINVAL) return false;
      throw kernelError(errno, `umount ${target}`);
    },
    lock: (fd) => check(flock(fd, LOCK_EX), () => 'flock'),
  };
}

const CLONE_NEWNET = 0x40000000;
const MNT_DETACH = 2;
const LOCK_EX = 2;
