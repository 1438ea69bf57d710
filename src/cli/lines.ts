import { StringDecoder } from 'node:string_decoder';
import { VinetError } from '../model/vinet-error.ts';

const MAX_LINE_CHARACTERS = 4 * 1024 * 1024;

/** Lines of a byte stream as they come, without their ends. Fails with `unexpected-answer` on an endless one. */
export async function* readLines(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
    if (rest.length > MAX_LINE_CHARACTERS)
      throw new VinetError('unexpected-answer', 'a line of the answer never ends');
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
