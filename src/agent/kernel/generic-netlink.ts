import { constants } from 'node:os';
import { VinetError } from '../../model/vinet-error.ts';
import type { NetlinkConnection } from './netlink-connection.ts';
import { AttributeTable, attributeText, encodeMessage, requireBytes } from './netlink-message.ts';
import type { NetlinkVisit } from './netlink-visit.ts';

/**
 * Numbers that the kernel gave to the families of generic netlink (Documentation/userspace-api/netlink), which
 * are the same in all namespaces. That a family is absent is remembered too, so that looking costs nothing.
 */
export class GenericFamilies {
  readonly #numbers = new Map<string, number | null>();

  /**
   * Null where there is no such family.
   * @param absence whether one that was absent may be taken for absent still, or is asked for again
   */
  async find(
    connection: NetlinkConnection,
    name: string,
    absence: 'remembered' | 'again',
  ): Promise<number | null> {
    const known = this.#numbers.get(name);
    return known === undefined || (known === null && absence === 'again')
      ? this.#ask(connection, name)
      : known;
  }

  /** As `find`; fails with `unsupported` where there is no such family. */
  async require(connection: NetlinkConnection, name: string): Promise<number> {
    const number = await this.find(connection, name, 'again');
    if (number === null) throw absentFamily(name);
    return number;
  }

  isAbsent(name: string): boolean {
    return this.#numbers.get(name) === null;
  }

  async #ask(connection: NetlinkConnection, name: string): Promise<number | null> {
    const message = encodeGeneric(
      { family: GENL_ID_CTRL, command: CTRL_CMD_GETFAMILY, flags: 0 },
      attributeText(CTRL_ATTR_FAMILY_NAME, name),
    );
    const number = await connection
      .ask({ what: `look up generic netlink family "${name}"`, message }, decodeFamily)
      .then(
        ([found]) => found ?? null,
        (error: unknown) => {
          if (error instanceof VinetError && error.context.errno === constants.errno.ENOENT) return null;
          throw error;
        },
      );
    this.#numbers.set(name, number);
    return number;
  }
}

/** Generic netlink of one namespace. */
export class GenericNetlink {
  readonly families: GenericFamilies;
  readonly #visit: NetlinkVisit;

  constructor(families: GenericFamilies, visit: NetlinkVisit) {
    this.families = families;
    this.#visit = visit;
  }

  use<T>(talk: (connection: NetlinkConnection) => Promise<T>): Promise<T> {
    return this.#visit(NETLINK_GENERIC, talk);
  }
}

export function absentFamily(name: string): VinetError {
  return new VinetError('unsupported', `this kernel has no generic netlink family "${name}"`);
}

/** struct genlmsghdr and attributes; all families here are of version 1. */
export function encodeGeneric(
  head: { readonly family: number; readonly command: number; readonly flags: number },
  ...attributes: readonly Buffer[]
): Buffer {
  return encodeMessage(head.family, head.flags, Buffer.from([head.command, VERSION, 0, 0]), ...attributes);
}

/** Reads the attributes of an answer into the table. */
export function readGeneric(table: AttributeTable, buffer: Buffer, start: number, end: number): void {
  requireBytes(start, end, GENERIC_HEADER_BYTES);
  table.read(buffer, start + GENERIC_HEADER_BYTES, end);
}

function decodeFamily(buffer: Buffer, _type: number, start: number, end: number): number | null {
  const attributes = new AttributeTable(CTRL_ATTR_FAMILY_NAME);
  readGeneric(attributes, buffer, start, end);
  return attributes.has(CTRL_ATTR_FAMILY_ID) ? attributes.u16(CTRL_ATTR_FAMILY_ID) : null;
}

const NETLINK_GENERIC = 16;
const GENERIC_HEADER_BYTES = 4;
const VERSION = 1;
const GENL_ID_CTRL = 16;
const CTRL_CMD_GETFAMILY = 3;
const CTRL_ATTR_FAMILY_ID = 1;
const CTRL_ATTR_FAMILY_NAME = 2;
