import { parseConfig } from '../../../planner/config-sections.ts';

/**
 * Lines that have an ospfd say hello at once on some of its interfaces: FRR does so when it is given another interval.
 * The last line for each puts back what was. An interface that says hello several times a second needs none.
 * @param headers of the interfaces' sections, such as `interface r2 vrf r1`
 */
export function helloPrompt(config: string, headers: readonly string[]): string[] {
  const { sections } = parseConfig(config);
  return headers.flatMap((header) => {
    const lines = [...(sections.get(header)?.lines.values() ?? [])];
    if (!lines.some((line) => line.startsWith('ip ospf '))) return [];
    if (lines.some((line) => line.includes('hello-multiplier'))) return [];
    const said = lines.map((line) => /^ip ospf hello-interval (\d+)$/.exec(line)?.[1]).find(Boolean);
    const seconds = Number(said ?? FRR_HELLO_S);
    const other = seconds === LONGEST_HELLO_S ? seconds - 1 : seconds + 1;
    return [header, ` ip ospf hello-interval ${other}`, ` ip ospf hello-interval ${seconds}`];
  });
}

/** Where nothing is configured. */
const FRR_HELLO_S = 10;
const LONGEST_HELLO_S = 65_535;
