import type { ChildProcess } from 'node:child_process';
import { readFileSync, rmdirSync } from 'node:fs';

/**
 * Commands that run in VRFs of one namespace, by ip-vrf(8): it puts each into a control group that binds its sockets
 * to the VRF's device. ip leaves the groups behind; they are removed here after their last command.
 */
export class VrfCommands {
  readonly #namespace: string;
  readonly #running = new Map<string, number>();

  /** @param namespace its name in /run/netns, by which ip calls the groups */
  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** @param start starts ip with these arguments inside the namespace */
  spawn(
    device: string,
    command: string,
    argv: readonly string[],
    start: (command: string, argv: readonly string[]) => ChildProcess,
  ): ChildProcess {
    const child = start('ip', ['vrf', 'exec', device, command, ...argv]);
    this.#running.set(device, (this.#running.get(device) ?? 0) + 1);
    let ended = false;
    const end = () => {
      if (ended) return;
      ended = true;
      const left = (this.#running.get(device) ?? 1) - 1;
      this.#running.set(device, left);
      if (left === 0) this.#removeGroups(device);
    };
    child.once('close', end);
    child.once('error', end);
    return child;
  }

  /** What still has a process in it stays. */
  #removeGroups(device: string): void {
    const mount = /^\S+ (\S+) cgroup2 /m.exec(readText('/proc/self/mounts'))?.[1];
    const own = /^0::(\/.*)$/m.exec(readText('/proc/self/cgroup'))?.[1];
    if (mount === undefined || own === undefined) return;
    const group = `${mount}${own === '/' ? '' : own}/${this.#namespace}-ns`;
    for (const folder of [`${group}/vrf/${device}`, `${group}/vrf`, group]) {
      try {
        rmdirSync(folder);
      } catch {
        return;
      }
    }
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
