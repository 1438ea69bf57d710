import type { ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { errorText, VinetError } from '../../model/vinet-error.ts';
import type { Namespace } from './kernel.ts';
import { fileError } from './kernel-error.ts';
import { attributeText, encodeMessage } from './netlink-message.ts';
import type { NetlinkVisit } from './netlink-visit.ts';

/** One object of libnftables-json(5), by its kind: `{ table: … }`, `{ rule: … }`. */
export type NftObject = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * nftables of one namespace, read and written by nft(8) as an operator would. Whether a table is there is asked of
 * the kernel: most namespaces have none, and a process for each would cost too much.
 */
export class Nft {
  readonly #spawn: Namespace['spawn'];
  readonly #visit: NetlinkVisit;

  constructor(spawn: Namespace['spawn'], visit: NetlinkVisit) {
    this.#spawn = spawn;
    this.#visit = visit;
  }

  /** Whether family inet has the table; null where the kernel has no nftables. */
  async hasTable(name: string): Promise<boolean | null> {
    try {
      const [error] = await this.#visit(NETLINK_NETFILTER, (connection) =>
        connection.request([{ what: `table ${name}`, message: encodeGetTable(name) }]),
      );
      return error === null;
    } catch (error) {
      if (error instanceof VinetError && error.code === 'unsupported') return null;
      throw error;
    }
  }

  /** What `list` shows of a table of family inet. */
  async list(what: 'table' | 'counters', name: string): Promise<NftObject[]> {
    const output = await this.run(
      ['-j'],
      JSON.stringify({ nftables: [{ list: { [what]: { family: 'inet', name, table: name } } }] }),
    );
    const objects = parseJson(output);
    return (Array.isArray(objects) ? objects : []).filter(isNftObject);
  }

  /** Runs nft with these options on a text of commands, one transaction; its output is returned. */
  run(argv: readonly string[], text: string): Promise<string> {
    const input = openText(text);
    try {
      return collectOutput(
        this.#spawn(NFT, [...argv, '-f', STANDARD_INPUT], {
          stdio: [input, 'pipe', 'pipe'],
          cwd: '/',
          timeout: DEADLINE_MS,
          killSignal: 'SIGKILL',
        }),
      );
    } finally {
      closeSync(input);
    }
  }
}

/** Packets by the name of a listing's counters. */
export function countsOf(listing: readonly NftObject[]): Map<string, number> {
  return new Map(
    listing.flatMap(({ counter }) =>
      typeof counter?.name === 'string' && typeof counter.packets === 'number'
        ? [[counter.name, counter.packets] as const]
        : [],
    ),
  );
}

/** Of what nft says where a name, an address or a number is expected; `?` for anything else. */
export function wordOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?';
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A file without a name that holds the text. What Node calls a pipe is a socket, and nft opens its standard input
 * once more, which a socket does not allow.
 */
function openText(text: string): number {
  try {
    const fd = openSync('/run', O_TMPFILE | constants.O_RDWR, 0o600);
    // At a position: the descriptor itself stays at the beginning, from where nft reads on.
    writeSync(fd, text, 0);
    return fd;
  } catch (error) {
    throw fileError(error, 'write the input of nft');
  }
}

function collectOutput(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    let complaint = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.on('error', (error) => reject(startError(error)));
    child.on('close', (status, signal) => {
      const reason = complaint.trim().split('\n')[0] || `ended with ${signal ?? `status ${status}`}`;
      if (status === 0) resolve(output);
      else reject(new VinetError('kernel', `nft: ${reason}`));
    });
  });
}

function startError(error: Error): VinetError {
  const missing = 'code' in error && error.code === 'ENOENT';
  return missing
    ? new VinetError('unsupported', `${NFT} is not installed (nftables)`)
    : new VinetError('kernel', `nft: ${error.message}`);
}

/** NFT_MSG_GETTABLE: the answer is the table, or ENOENT. */
function encodeGetTable(name: string): Buffer {
  const header = Buffer.from([NFPROTO_INET, 0, 0, 0]);
  return encodeMessage(NFT_MSG_GETTABLE, 0, header, attributeText(NFTA_TABLE_NAME, name));
}

function parseJson(text: string): unknown {
  try {
    const answer: unknown = JSON.parse(text);
    return isObject(answer) ? answer.nftables : undefined;
  } catch (error) {
    throw new VinetError('kernel', `nft answered no JSON: ${errorText(error)}`);
  }
}

function isNftObject(value: unknown): value is NftObject {
  return isObject(value) && Object.values(value).every(isObject);
}

export const NFT = '/usr/sbin/nft';
/** Its own word for it means /dev/stdin, which not every machine has. */
const STANDARD_INPUT = '/proc/self/fd/0';
const DEADLINE_MS = 10_000;

/** open(2); Node does not know it, and it is the same wherever Node runs. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

const NETLINK_NETFILTER = 12;
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_GETTABLE = (NFNL_SUBSYS_NFTABLES << 8) | 1;
const NFTA_TABLE_NAME = 1;
const NFPROTO_INET = 1;
