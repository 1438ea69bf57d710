import { VtyClient } from '../../../src/agent/frr/vty-client.ts';
import type { DaemonName } from '../../../src/model/routing-state.ts';

/** What the daemon itself says that it holds: its lines with the sections that they stand in, in order of text. */
export async function runningConfig(name: string, daemon: DaemonName): Promise<string[]> {
  const client = await VtyClient.connect(`/run/frr/${name}/${daemon}.vty`);
  try {
    const { text } = await client.ask('show running-config', 10_000);
    const sections: string[] = [];
    const lines: string[] = [];
    for (const raw of text.split('\n')) {
      const line = raw.trim();
      if (/^(!|exit|end$|$)/.test(line)) continue;
      sections.length = raw.length - raw.trimStart().length;
      const path = [...sections, line].filter((part) => part !== undefined);
      sections.push(line);
      // FRR goes on to show a loopback interface's default after it was taken back.
      if (line !== 'no ip ospf passive') lines.push(path.join(' '));
    }
    // What FRR once heard of stays there, with nothing in it.
    return lines.filter((line) => !/^(interface \S+|bfd)$/.test(line)).sort();
  } finally {
    client.close();
  }
}
