/**
 * FRR goes on after a line that it refuses and only writes about it. Returns what it wrote about refused lines
 * and about files that it could not read, without dates and message numbers; null when there is nothing.
 */
export function findRejections(log: string): string | null {
  const words = log
    .split('\n')
    .filter((line) => REJECTION.test(line))
    .map((line) => line.replace(PREAMBLE, '').replace(/\s+/g, ' ').trim());
  return words.length === 0 ? null : words.join('; ');
}

/** The last things that FRR wrote, for an error about a daemon that did not start. */
export function lastWords(log: string): string {
  return log
    .split('\n')
    .map((line) => line.replace(PREAMBLE, '').trim())
    .filter((line) => line !== '')
    .slice(-3)
    .join('; ');
}

const REJECTION = / on config line \d+: |can't open configuration file|configuration file.*failure/i;
/** `2026/11/22 22:29:53 OSPF: [SHWNK-NWT5S][EC 100663304] ` */
const PREAMBLE = /^\d{4}\/\d\d\/\d\d [\d:.]+ (?:[A-Z0-9]+: )?(?:\[[^\]]*\])*\s*/;
