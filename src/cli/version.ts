import type { VersionBody } from '../model/api.ts';
import { VERSION } from '../model/version.ts';
import { errorText } from '../model/vinet-error.ts';
import { type ApiClient, apiPath } from './api-client.ts';
import { printable, type Terminal } from './terminal.ts';

/** Tells both versions; that no controller answers is no failure here. */
export async function runVersion(client: ApiClient, terminal: Terminal): Promise<void> {
  terminal.write(`vinet ${VERSION}\n`);
  try {
    const { version, apiVersion } = await client.send<VersionBody>({
      path: apiPath(['version']),
      idleTimeoutMs: 5000,
    });
    terminal.write(`controller ${printable(version)} (${printable(apiVersion)}) at ${client.address}\n`);
  } catch (error) {
    terminal.tell(`controller: ${printable(errorText(error))}\n`);
  }
}
