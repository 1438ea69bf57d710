import { expect, test } from 'vitest';
import { findRejections, lastWords } from '../../../src/agent/frr/rejections.ts';

const LOG = `2026/11/22 22:28:40 ZEBRA: [NNACN-54BDA][EC 4043309110] Disabling MPLS support (no kernel support)
2026/11/22 22:28:40 ZEBRA: [SHWNK-NWT5S][EC 100663304] No such command on config line 2:  log bla
2026/11/22 22:28:41 ZEBRA: [SHWNK-NWT5S][EC 100663304] Command returned Warning on config line 7: frog
`;

test("FRR's words about refused lines are kept, without dates and numbers", () => {
  expect(findRejections(LOG)).toBe(
    'No such command on config line 2: log bla; Command returned Warning on config line 7: frog',
  );
});

test('other warnings are no refusal', () => {
  expect(findRejections(LOG.split('\n')[0] ?? '')).toBeNull();
  expect(findRejections('')).toBeNull();
});

test('a file that FRR could not read is one', () => {
  const line = "OSPF: [VDWX6-W8CNF] vty_read_config: can't open configuration file [/etc/frr/a_b/ospfd.conf]";
  expect(findRejections(`2026/11/22 22:34:05 ${line}`)).toContain("can't open");
});

test('the last words are the last lines, without their preamble', () => {
  expect(lastWords('one\n\n2026/11/22 22:28:41 OSPF: [A][EC 1] two\nthree\nfour\n')).toBe('two; three; four');
});
