import { isUtf8 } from 'node:buffer';
import type { Checked } from './problem.ts';

/** A file's bytes as text. Refuses what is longer than `maxBytes`, before anything else is done with it, and what is no UTF-8. */
export function decodeSource(source: Uint8Array | string, maxBytes: number): Checked<string> {
  const size = typeof source === 'string' ? Buffer.byteLength(source) : source.byteLength;
  if (size > maxBytes) {
    return refuse('too-large', `the file has ${size} bytes, and at most ${maxBytes} are read`);
  }
  if (typeof source !== 'string' && !isUtf8(source)) {
    const offset = invalidByteOffset(source);
    return refuse('invalid-utf8', `the file is not valid UTF-8: byte ${offset} does not belong there`);
  }
  const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
  return { ok: true, value: text.startsWith('\ufeff') ? text.slice(1) : text };
}

/** A decoder that does not give up puts U+FFFD where a byte is wrong: the first one that the source itself does not hold. */
function invalidByteOffset(source: Uint8Array): number {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(source);
  let offset = 0;
  let from = 0;
  for (;;) {
    const at = text.indexOf('\ufffd', from);
    if (at < 0) return offset;
    offset += Buffer.byteLength(text.slice(from, at));
    const genuine = source[offset] === 0xef && source[offset + 1] === 0xbf && source[offset + 2] === 0xbd;
    if (!genuine) return offset;
    offset += 3;
    from = at + 1;
  }
}

function refuse(code: string, message: string): Checked<never> {
  return { ok: false, problems: [{ code, path: '', message }] };
}
