import { VinetError } from '../../model/vinet-error.ts';

/**
 * What a daemon says on its VTY socket: text, three NULs and one byte of return code. The same framing is
 * spoken between vtysh and the daemons (FRR, lib/vty.c).
 */
export interface VtyReply {
  readonly text: string;
  /** 0 is success; the others are FRR's CMD_* (1 warning, 2 unknown command, 13 configuration failed…). */
  readonly code: number;
}

export const DEFAULT_MAX_REPLY_BYTES = 64 * 1024 * 1024;

/** A command as it is sent. Refuses what would be read as two commands or as none: fails with `bad-command`. */
export function encodeCommand(command: string): Buffer {
  if (hasControlCharacter(command)) {
    throw new VinetError('bad-command', `not one line of text: ${JSON.stringify(command)}`);
  }
  return Buffer.from(`${command}\0`, 'utf8');
}

/** Cuts a stream of bytes into replies, however the bytes are split. Holds at most one unfinished reply. */
export class VtyReplyDecoder {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #textBytes = 0;
  #nulls = 0;

  constructor(maxBytes: number = DEFAULT_MAX_REPLY_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Replies that these bytes complete, in order. Fails with `protocol`; the stream is of no use after that. */
  push(bytes: Buffer): VtyReply[] {
    const replies: VtyReply[] = [];
    let rest = bytes;
    while (rest.length > 0) {
      const used = this.#nulls === 0 ? this.#takeText(rest) : this.#takeEnd(rest, replies);
      rest = rest.subarray(used);
    }
    return replies;
  }

  #takeText(bytes: Buffer): number {
    const end = bytes.indexOf(0);
    const text = end === -1 ? bytes : bytes.subarray(0, end);
    this.#textBytes += text.length;
    if (this.#textBytes > this.#maxBytes) {
      throw new VinetError('protocol', `FRR's reply is longer than ${this.#maxBytes} bytes`);
    }
    if (text.length > 0) this.#chunks.push(text);
    if (end === -1) return bytes.length;
    this.#nulls = 1;
    return end + 1;
  }

  #takeEnd(bytes: Buffer, replies: VtyReply[]): number {
    const byte = bytes[0] ?? 0;
    if (this.#nulls < 3) {
      if (byte !== 0) throw new VinetError('protocol', "FRR's reply holds a NUL before its end");
      this.#nulls += 1;
      return 1;
    }
    replies.push({ text: Buffer.concat(this.#chunks).toString('utf8'), code: byte });
    this.#chunks = [];
    this.#textBytes = 0;
    this.#nulls = 0;
    return 1;
  }
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
