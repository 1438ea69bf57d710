import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OverlaySummary } from '../../src/model/api.ts';
import { tracesOf } from '../machine.ts';
import { ringFile, succeed, TestLab } from './test-lab.ts';

const lab = new TestLab('vtbad', 2);
const overlay = (spec: string, name = 'vbad') =>
  `apiVersion: vinet/v1\nkind: Overlay\nmetadata: { name: ${name} }\nspec:\n${spec}`;

beforeAll(() => lab.up());
afterAll(() => lab.down());

describe('what a user gets wrong', () => {
  it.each<[string, string, RegExp[]]>([
    [
      'an unknown field',
      overlay('  topolgy: { kind: ring, routers: 4 }\n  placement: { nodes: [n1] }\n'),
      [/:5:\d+ .*topolgy.*did you mean topology/],
    ],
    [
      'a duplicate router',
      overlay(
        '  topology:\n    kind: custom\n    routers: [a, b, a]\n    links: [[a, b]]\n  placement: { nodes: [n1] }\n',
      ),
      [/:7:\d+ /, /name a is taken already/],
    ],
    [
      'overlapping ranges',
      overlay(
        '  topology: { kind: ring, routers: 4 }\n  placement: { nodes: [n1] }\n  addressing: { network: 10.0.0.0/8, link: 10.1.0.0/16 }\n',
      ),
      [/:7:\d+ .*overlap/],
    ],
    [
      'too small a range',
      overlay(
        '  topology: { kind: ring, routers: 50 }\n  placement: { nodes: [n1] }\n  addressing: { network: 10.0.0.0/27 }\n',
      ),
      [/too small/],
    ],
    [
      'a node that is not there',
      overlay('  topology: { kind: ring, routers: 4 }\n  placement: { nodes: [n1, n9] }\n'),
      [/n9/, /n1/],
    ],
    [
      'more routers than a node holds',
      overlay('  topology: { kind: ring, routers: 10000 }\n  placement: { nodes: [n1] }\n'),
      [/may hold \d+/],
    ],
    [
      'a name with a path in it',
      overlay('  topology: { kind: ring, routers: 4 }\n  placement: { nodes: [n1] }\n', '../../etc'),
      [/:3:\d+ .*metadata\.name/],
    ],
    [
      'a name with a new line in it',
      overlay(
        '  topology: { kind: ring, routers: 4 }\n  placement: { nodes: [n1] }\n',
        '"ring\\nrouter bgp 1"',
      ),
      [/:3:\d+ .*metadata\.name/],
    ],
    [
      'a label that would be FRR configuration',
      'apiVersion: vinet/v1\nkind: Overlay\nmetadata:\n  name: vbad\n  labels: { a: "x\\n! y" }\nspec:\n  topology: { kind: ring, routers: 4 }\n  placement: { nodes: [n1] }\n',
      [/:5:\d+ .*labels/],
    ],
    ['broken YAML', 'apiVersion: vinet/v1\nkind: [Overlay\nmetadata: {', [/:\d+:\d+ /]],
    [
      'what is not supported yet',
      overlay(
        '  topology: { kind: ring, routers: 4 }\n  placement: { nodes: [n1] }\n  underlay: { overlays: [a, b], multiplexer: { mode: double } }\n',
      ),
      [/several overlays.*not yet supported/, /multiplexer.*not yet supported/],
    ],
  ])('%s is answered with where and what, and changes nothing', async (_, text, expected) => {
    const result = await lab.vinet('apply', '-f', lab.write('bad.yaml', text));
    expect(result.status).toBe(1);
    for (const pattern of expected) expect(result.stderr).toMatch(pattern);
    expect(result.stderr).not.toMatch(/\bat .*\.js:\d+/);
    await expectNothing();
  });

  it('invalid UTF-8 is named with its place', async () => {
    const file = lab.write('bad.yaml', new Uint8Array([0x61, 0x3a, 0x20, 0xc3, 0x28]));
    const result = await lab.vinet('apply', '-f', file);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/UTF-8/);
    await expectNothing();
  });

  it('a hundred megabytes are refused before they are read', async () => {
    const result = await lab.vinet(
      'apply',
      '-f',
      lab.write('big.yaml', Buffer.alloc(100 * 1024 * 1024, '#')),
    );
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/8 MiB/);
    await expectNothing();
  });

  it('a wrong command line ends with status 2', async () => {
    expect((await lab.vinet('aply')).status).toBe(2);
    expect((await lab.vinet('get', 'nonsense')).status).toBe(2);
    expect((await lab.vinet('apply')).status).toBe(2);
  });

  it('a good document beside a bad one is not applied either', async () => {
    const result = await lab.vinet(
      'apply',
      '-f',
      lab.write(
        'two.yaml',
        `${ringFile('vgood', 3).replace('[n1, n2, n3]', '[n1]')}---\n${overlay('  topology: {}\n')}`,
      ),
    );
    expect(result.status).toBe(1);
    await expectNothing();
    expect(tracesOf('vgood')).toEqual([]);
  });
});

async function expectNothing(): Promise<void> {
  const { overlays } = await lab.json<{ overlays: OverlaySummary[] }>('get', 'overlays');
  expect(overlays).toEqual([]);
  expect(tracesOf('vbad')).toEqual([]);
  succeed(await lab.vinet('get', 'nodes'));
}
