import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { errorText, VinetError } from '../model/vinet-error.ts';
import { DEFAULT_PORT } from './address.ts';

/** What the command line needs to talk to a controller. */
export interface ClientSettings {
  readonly address: string;
  /** Null where none was found: the controller will say whether it wants one. */
  readonly token: string | null;
  /** PEM text of the authority that signed the controller's certificate; null for the system's own. */
  readonly authority: string | null;
}

/** From flags or, where commander found no flag, from `VINET_*` variables. */
export interface ClientFlags {
  readonly address?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
}

/** Files that are read when flags and variables leave something open, the first one first. */
export function settingsFiles(env: NodeJS.ProcessEnv): string[] {
  const folder = env.XDG_CONFIG_HOME || join(homedir(), '.config');
  return [join(folder, 'vinet', 'config.yaml'), join(env.VINET_LAB_DIR || '/run/vinet/lab', 'client.yaml')];
}

/**
 * Flags and variables first, then the user's configuration, then a lab of this machine. A file's token goes
 * only to that file's address, so an address given by hand never receives a secret meant for another one.
 * Fails with `bad-settings` naming the file.
 */
export async function readClientSettings(
  flags: ClientFlags,
  files: readonly string[],
): Promise<ClientSettings> {
  const token = flags.token ?? readTokenFile(flags.tokenFile);
  const caFile = flags.caFile;
  const found: ClientFlags[] = [];
  if (flags.address === undefined || token === null) {
    for (const file of files) found.push(await readSettingsFile(file));
  }
  const address =
    flags.address ??
    found.find((settings) => settings.address !== undefined)?.address ??
    `http://127.0.0.1:${DEFAULT_PORT}`;
  const fitting = found.filter((settings) => settings.address === undefined || settings.address === address);
  const source = fitting.find((settings) => settings.token !== undefined || settings.tokenFile !== undefined);
  return {
    address,
    token: token ?? source?.token ?? readTokenFile(source?.tokenFile),
    authority: readAuthority(caFile ?? fitting.find((settings) => settings.caFile !== undefined)?.caFile),
  };
}

async function readSettingsFile(file: string): Promise<ClientFlags> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // Another user's lab is none of ours.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return {};
    throw new VinetError('bad-settings', `cannot read ${file}: ${errorText(error)}`, { cause: error });
  }
  const yaml = await import('yaml');
  let value: unknown;
  try {
    value = yaml.parse(text);
  } catch (error) {
    throw new VinetError('bad-settings', `${file}: ${errorText(error)}`, { cause: error });
  }
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object') throw new VinetError('bad-settings', `${file} holds no settings`);
  const settings: Record<string, string> = {};
  for (const [key, entry] of Object.entries(value)) {
    if (!['address', 'token', 'tokenFile', 'caFile'].includes(key)) {
      throw new VinetError(
        'bad-settings',
        `${file}: unknown setting "${key}"; known: address, token, tokenFile, caFile`,
      );
    }
    if (typeof entry !== 'string') throw new VinetError('bad-settings', `${file}: "${key}" must be a text`);
    settings[key] = key.endsWith('File') ? resolve(dirname(file), entry) : entry;
  }
  return settings;
}

function readTokenFile(file: string | undefined): string | null {
  if (file === undefined) return null;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new VinetError('bad-settings', `cannot read the token file ${file}: ${errorText(error)}`, {
      cause: error,
    });
  }
}

function readAuthority(file: string | undefined): string | null {
  if (file === undefined) return null;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new VinetError('bad-settings', `cannot read the certificate file ${file}: ${errorText(error)}`, {
      cause: error,
    });
  }
}
