import { VinetError } from '../../../model/vinet-error.ts';
import { HEADER_BYTES, type MessageVisitor, visitMessages } from '../../kernel/netlink-message.ts';

/**
 * Cuts what zebra's module `dplane_fpm_nl` sends into netlink messages, however the bytes are split. A frame is
 * four bytes (version 1, type 1 for netlink, length of the whole in network order) and then messages. Holds at
 * most one unfinished frame, which is shorter than 64 KiB.
 */
export class FpmDecoder {
  #rest: Buffer = NOTHING;

  /**
   * Visits the messages of every frame that these bytes complete, in order.
   * Fails with a `VinetError` when they break the format; the stream is of no use after that.
   */
  push(bytes: Buffer, visit: MessageVisitor): void {
    const buffer = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let offset = 0;
    while (offset + FRAME_HEADER_BYTES <= buffer.length) {
      const end = offset + readLength(buffer, offset);
      if (end > buffer.length) break;
      visitMessages(buffer.subarray(offset + FRAME_HEADER_BYTES, end), visit);
      offset = end;
    }
    // A copy, lest a few bytes keep all that came with them.
    this.#rest = offset === buffer.length ? NOTHING : Buffer.from(buffer.subarray(offset));
  }
}

const NOTHING = Buffer.alloc(0);
const FRAME_HEADER_BYTES = 4;
const VERSION = 1;
const TYPE_NETLINK = 1;

function readLength(buffer: Buffer, offset: number): number {
  const length = buffer.readUInt16BE(offset + 2);
  const known = buffer[offset] === VERSION && buffer[offset + 1] === TYPE_NETLINK;
  if (known && length >= FRAME_HEADER_BYTES + HEADER_BYTES) return length;
  const header = buffer.toString('hex', offset, offset + FRAME_HEADER_BYTES);
  throw new VinetError('protocol', `not a frame of zebra's: ${header}`);
}
