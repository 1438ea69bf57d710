import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Numbers that look random and are the same in every run: xorshift, 32 bits. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const EXTREMES = [0, 1, 3, 4, 15, 16, 127, 128, 254, 255];

/** Changes a few bytes, cuts or repeats a piece. The result shares no memory with the sample. */
export function mutate(sample: Buffer, random: (below: number) => number): Buffer {
  const bytes = Buffer.from(sample);
  for (let count = random(4); count >= 0; count -= 1) {
    const at = random(bytes.length);
    bytes[at] = random(2) === 0 ? random(256) : (EXTREMES[random(EXTREMES.length)] ?? 0);
  }
  const cut = random(bytes.length);
  switch (random(4)) {
    case 0:
      return bytes.subarray(0, cut);
    case 1:
      return Buffer.concat([bytes.subarray(cut), bytes]);
    default:
      return bytes;
  }
}

/** Runs what fails a million times, on purpose, without the cost of a stack trace each time. */
export function withoutStackTraces(run: () => void): void {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    run();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Memory in use once everything that nobody refers to is gone. */
export function usedHeapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
