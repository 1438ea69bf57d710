import { readFileSync } from 'node:fs';
import type { VersionBody } from '../model/api.ts';
import { type ApiClient, apiPath } from './api-client.ts';
import { printable, type Terminal } from './terminal.ts';

/** Tells both versions; that no controller answers is no failure here. */
export async function runVersion(client: ApiClient, terminal: Terminal): Promise<void> {
  terminal.write(`vinet ${ownVersion()}\n`);
  try {
    const { version, apiVersion } = await client.send<VersionBody>({
      path: apiPath(['version']),
      idleTimeoutMs: 5000,
    });
    terminal.write(`controller ${printable(version)} (${printable(apiVersion)}) at ${client.address}\n`);
  } catch (error) {
    terminal.tell(`controller: ${error instanceof Error ? printable(error.message) : 'unknown'}\n`);
  }
}

export function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
