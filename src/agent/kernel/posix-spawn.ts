import { constants } from 'node:os';
import koffi from 'koffi';
import type { DetachedOptions } from './kernel.ts';
import { kernelError } from './kernel-error.ts';

/**
 * Starts a program, by its path, as a child that the caller has to wait for, and returns its process id. It has a
 * session of its own, stands at `/`, reads from /dev/null, has no descriptors but the first three, every signal at its
 * default and none blocked. When it cannot be run there is no child, and the error says why.
 */
export type PosixSpawn = (
  program: string,
  argv: readonly string[],
  options: Pick<DetachedOptions, 'log' | 'env'>,
) => number;

/**
 * posix_spawn(3) of the calling thread, whose namespaces the child has. Unlike fork(2) it copies no page tables, which
 * takes long in a process that has much memory.
 */
export function loadPosixSpawn(): PosixSpawn {
  const libc = koffi.load(null);
  const posixSpawn = libc.func(
    'int posix_spawn(void *pid, const char *path, const void *actions, const void *attributes, const char **argv, const char **env)',
  );
  const actions: Opaque = {
    init: libc.func('int posix_spawn_file_actions_init(void *actions)'),
    destroy: libc.func('int posix_spawn_file_actions_destroy(void *actions)'),
  };
  const addOpen = libc.func(
    'int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, unsigned int mode)',
  );
  const addDuplicate = libc.func('int posix_spawn_file_actions_adddup2(void *actions, int fd, int as)');
  const addChangeFolder = libc.func(
    'int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)',
  );
  const addCloseFrom = libc.func('int posix_spawn_file_actions_addclosefrom_np(void *actions, int fd)');
  const attributes: Opaque = {
    init: libc.func('int posix_spawnattr_init(void *attributes)'),
    destroy: libc.func('int posix_spawnattr_destroy(void *attributes)'),
  };
  const setFlags = libc.func('int posix_spawnattr_setflags(void *attributes, short flags)');
  const setDefaults = libc.func('int posix_spawnattr_setsigdefault(void *attributes, const void *signals)');
  const setMask = libc.func('int posix_spawnattr_setsigmask(void *attributes, const void *signals)');
  const fillSet = libc.func('int sigfillset(void *signals)');
  const emptySet = libc.func('int sigemptyset(void *signals)');

  function addActions(object: Buffer, log: number): void {
    check(addDuplicate(object, log, 1), 'adddup2');
    check(addDuplicate(object, log, 2), 'adddup2');
    check(addOpen(object, 0, '/dev/null', O_RDONLY, 0), 'addopen');
    check(addCloseFrom(object, 3), 'addclosefrom');
    check(addChangeFolder(object, '/'), 'addchdir');
  }

  function setAttributes(object: Buffer): void {
    const signals = Buffer.alloc(OPAQUE_BYTES);
    fillSet(signals);
    check(setDefaults(object, signals), 'setsigdefault');
    emptySet(signals);
    check(setMask(object, signals), 'setsigmask');
    check(setFlags(object, SETSIGDEF | SETSIGMASK | SETSID), 'setflags');
  }

  return (program, argv, { log, env }) => {
    const words = [program, ...argv];
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    // A zero byte ends a text in C: the program would be given another one.
    if ([...words, ...variables].some((text) => text.includes('\0')))
      throw kernelError(EINVAL, `start ${program}`);
    const pid = Buffer.alloc(PID_BYTES);
    withOpaque(actions, (files) => {
      addActions(files, log);
      withOpaque(attributes, (settings) => {
        setAttributes(settings);
        const errno = posixSpawn(pid, program, files, settings, [...words, null], [...variables, null]);
        check(errno, `start ${program}`);
      });
    });
    return pid.readInt32LE();
  };
}

/** Makes and unmakes an object of libc whose insides are its own; both return an errno. */
interface Opaque {
  readonly init: (object: Buffer) => number;
  readonly destroy: (object: Buffer) => number;
}

function withOpaque({ init, destroy }: Opaque, use: (object: Buffer) => void): void {
  const object = Buffer.alloc(OPAQUE_BYTES);
  check(init(object), 'posix_spawn');
  try {
    use(object);
  } finally {
    destroy(object);
  }
}

function check(errno: number, what: string): void {
  if (errno !== 0) throw kernelError(errno, what);
}

/** Three times what the largest of them, the attributes, takes in glibc. */
const OPAQUE_BYTES = 1024;
const PID_BYTES = 4;
const { EINVAL } = constants.errno;
const O_RDONLY = 0;
const SETSIGDEF = 0x04;
const SETSIGMASK = 0x08;
const SETSID = 0x80;
