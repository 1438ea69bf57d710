/** Neighbours in answers of daemons that know no JSON. Whatever the text says, reading it takes time in proportion to its length. */

/**
 * One state for each source of routes in RIP's or RIPng's `show … status`: `Up`, or `Silent` once all that it said has
 * timed out (RFC 2453, 3.8). FRR forgets a silent one only after three minutes.
 */
export function ripStates(answer: unknown): string[] {
  if (typeof answer !== 'string') return [];
  const words = answer.split(/\s+/);
  const timeoutS = numberBehind(words, ['Timeout', 'after']) ?? USUAL_TIMEOUT_S;
  const states: string[] = [];
  // ADDRESS BAD-PACKETS BAD-ROUTES DISTANCE LAST-UPDATE, of RIPng over two lines.
  for (let at = words.lastIndexOf('Sources:') + 1; at > 0 && at + 4 < words.length; at += 1) {
    const [address = '', ...numbers] = words.slice(at, at + 4);
    if (!ADDRESS.test(address) || !numbers.every((word) => COUNT.test(word))) continue;
    states.push(ageOf(words[at + 4] ?? '') <= timeoutS ? 'Up' : 'Silent');
    at += 4;
  }
  return states;
}

/**
 * One state for each line of `show babel neighbor`: `Up`, `OneWay` when it does not hear us, `Lost` when we do not hear
 * it: what is not heard costs infinity (RFC 8966, 3.4).
 */
export function babelStates(answer: unknown): string[] {
  if (typeof answer !== 'string') return [];
  return answer
    .split('\n')
    .filter((line) => line.startsWith('Neighbour '))
    .map((line) => {
      const words = line.split(/\s+/);
      const heard = numberBehind(words, ['rxcost']) ?? BABEL_INFINITY;
      const hears = numberBehind(words, ['txcost']) ?? BABEL_INFINITY;
      if (heard >= BABEL_INFINITY) return 'Lost';
      return hears >= BABEL_INFINITY ? 'OneWay' : 'Up';
    });
}

const USUAL_TIMEOUT_S = 180;
const BABEL_INFINITY = 0xffff;
const ADDRESS = /^[0-9a-fA-F]*[.:][0-9a-fA-F.:]*$/;
const COUNT = /^\d{1,10}$/;

function numberBehind(words: readonly string[], before: readonly string[]): number | null {
  const at = words.findIndex((_, index) => before.every((word, offset) => words[index + offset] === word));
  const word = at < 0 ? undefined : words[at + before.length];
  return word !== undefined && COUNT.test(word) ? Number(word) : null;
}

/** In seconds, of `00:00:05`. FRR says days and weeks otherwise, and `never`: those are older than anything. */
function ageOf(word: string): number {
  const [, hours, minutes, seconds] = /^(\d\d):(\d\d):(\d\d)$/.exec(word) ?? [];
  if (seconds === undefined) return Number.POSITIVE_INFINITY;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
