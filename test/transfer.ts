import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PORT = 7007;
/** Knocks until somebody listens. */
const SEND = `until exec 3<>"/dev/tcp/$0/${PORT}"; do sleep 0.1; done 2>/dev/null; cat "$1" >&3`;

/** A TCP connection under way; resolves with whether every byte came. */
export interface Transfer {
  readonly done: Promise<boolean>;
}

/**
 * Sends bytes through one TCP connection from a namespace to an address of another.
 * @param seconds after which it has failed
 */
export function startTransfer(
  from: string,
  to: string,
  address: string,
  options: { readonly bytes?: number; readonly seconds?: number } = {},
): Transfer {
  const { bytes = 1_000_000, seconds = 60 } = options;
  const folder = mkdtempSync(join(tmpdir(), 'vinet-transfer-'));
  const [sent, received] = [join(folder, 'sent'), join(folder, 'received')];
  writeFileSync(sent, Buffer.alloc(bytes, 'virtual internet '));
  const listener = spawnInside(to, `exec busybox nc -l -p ${PORT} > "$0"`, received);
  const closed = new Promise((resolve) => listener.once('close', resolve));
  const sender = spawnInside(from, `exec timeout ${seconds} bash -c '${SEND}' "$0" "$1"`, address, sent);
  const done = new Promise<boolean>((resolve) => {
    sender.once('close', (status) => {
      if (status !== 0) listener.kill('SIGKILL');
      void closed.then(() => {
        const whole = status === 0 && readFileSync(sent).equals(readFileSync(received));
        rmSync(folder, { recursive: true, force: true });
        resolve(whole);
      });
    });
  });
  return { done };
}

/** Whether a megabyte comes whole. */
export function transfers(from: string, to: string, address: string): Promise<boolean> {
  return startTransfer(from, to, address).done;
}

function spawnInside(namespace: string, script: string, ...argv: string[]) {
  return spawn('ip', ['netns', 'exec', namespace, 'sh', '-c', script, ...argv], { stdio: 'ignore' });
}
