import { execFile } from 'node:child_process';

/**
 * Asks modprobe(8) for modules that the kernel does not load by itself. Whether they are there afterwards is to be
 * found out by using them: a kernel may have them built in, or no modules at all.
 */
export function loadModules(names: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    execFile('modprobe', ['--quiet', '--all', ...names], { timeout: TIMEOUT_MS }, () => resolve());
  });
}

const TIMEOUT_MS = 5000;
