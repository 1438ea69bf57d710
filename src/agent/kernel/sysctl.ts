import { readFileSync, writeFileSync } from 'node:fs';
import { VinetError } from '../../model/vinet-error.ts';
import { fileError } from './kernel-error.ts';

/** Reads a value below /proc/sys/net of the namespace that the thread is in, without the final newline. */
export function readSysctl(key: string): string {
  try {
    return readFileSync(pathOf(key), 'utf8').trimEnd();
  } catch (error) {
    throw fileError(error, `read sysctl ${key}`);
  }
}

export function writeSysctl(key: string, value: string): void {
  try {
    writeFileSync(pathOf(key), value);
  } catch (error) {
    throw fileError(error, `write sysctl ${key}`);
  }
}

/** Interface names are part of some keys and may hold dots, so keys are separated by slashes only. */
function pathOf(key: string): string {
  const parts = key.split('/');
  const plain = parts.every((part) => /^[A-Za-z0-9_.:@-]+$/.test(part) && part !== '.' && part !== '..');
  if (parts[0] !== 'net' || !plain) throw new VinetError('kernel', `not a sysctl: ${JSON.stringify(key)}`);
  return `/proc/sys/${key}`;
}
