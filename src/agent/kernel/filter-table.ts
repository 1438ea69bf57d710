import type { ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import type { LinkFilter } from '../../model/node-state.ts';
import { errorText, VinetError } from '../../model/vinet-error.ts';
import { type NftObject, TABLE } from './filter-description.ts';
import { isObject, parseDrops, parseFilter, renderFilter, renderRemoval } from './filter-ruleset.ts';
import type { Namespace } from './kernel.ts';
import { fileError } from './kernel-error.ts';
import { attributeText, encodeMessage } from './netlink-message.ts';
import type { NetlinkVisit } from './netlink-visit.ts';

/**
 * The link filter of one namespace. It is read and written by nft(8), as an operator would; whether there is
 * any is asked of the kernel first, for most namespaces have none and a process for each would cost too much.
 */
export class FilterTable {
  readonly #spawn: Namespace['spawn'];
  readonly #visit: NetlinkVisit;

  constructor(spawn: Namespace['spawn'], visit: NetlinkVisit) {
    this.#spawn = spawn;
    this.#visit = visit;
  }

  /** Null also where nft cannot read it: writing it then says why. */
  async read(): Promise<LinkFilter | null> {
    if (!(await this.#exists())) return null;
    try {
      return parseFilter(await this.#list('table'));
    } catch {
      return null;
    }
  }

  /** Counts go on where the table had them. */
  async write(filter: LinkFilter | null): Promise<void> {
    const exists = await this.#exists();
    if (filter === null && !exists) return;
    const drops = exists ? await this.readDrops() : new Map<string, number>();
    await this.#run(filter === null ? renderRemoval() : renderFilter(filter, drops));
  }

  async readDrops(): Promise<Map<string, number>> {
    return (await this.#exists()) ? parseDrops(await this.#list('counters')) : new Map();
  }

  async #exists(): Promise<boolean> {
    const what = `table ${TABLE.name}`;
    try {
      const [error] = await this.#visit(NETLINK_NETFILTER, (connection) =>
        connection.request([{ what, message: encodeGetTable() }]),
      );
      return error === null;
    } catch (error) {
      if (error instanceof VinetError && error.code === 'unsupported') return false;
      throw error;
    }
  }

  async #list(what: 'table' | 'counters'): Promise<NftObject[]> {
    const table = { family: TABLE.family, name: TABLE.name, table: TABLE.name };
    const output = await this.#run([{ list: { [what]: table } }]);
    const objects = parseJson(output);
    return (Array.isArray(objects) ? objects : []).filter(isNftObject);
  }

  /** Runs commands as one transaction; what they list is returned. */
  #run(commands: readonly object[]): Promise<string> {
    const input = openText(JSON.stringify({ nftables: commands }));
    try {
      return collectOutput(
        this.#spawn(NFT, ['-j', '-f', '-'], {
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

/**
 * A file without a name that holds the text. What Node calls a pipe is a socket, and nft opens its standard input
 * once more, which a socket does not allow.
 */
function openText(text: string): number {
  try {
    const fd = openSync('/run', O_TMPFILE | constants.O_RDWR, 0o600);
    writeFileSync(fd, text);
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
function encodeGetTable(): Buffer {
  const header = Buffer.from([NFPROTO_INET, 0, 0, 0]);
  return encodeMessage(NFT_MSG_GETTABLE, 0, header, attributeText(NFTA_TABLE_NAME, TABLE.name));
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

const NFT = '/usr/sbin/nft';
const DEADLINE_MS = 10_000;

/** open(2); Node does not know it, and it is the same wherever Node runs. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

const NETLINK_NETFILTER = 12;
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_GETTABLE = (NFNL_SUBSYS_NFTABLES << 8) | 1;
const NFTA_TABLE_NAME = 1;
const NFPROTO_INET = 1;
