import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { main } from '../../src/main.ts';
import { recordingTerminal } from './recording-terminal.ts';

const TRIANGLE = `graph [
  label "Tri"
  node [ id 0 label "A" ] node [ id 1 label "B" ] node [ id 2 label "C" ]
  edge [ source 0 target 1 ] edge [ source 1 target 2 ] edge [ source 2 target 0 ]
]
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vinet-import-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

async function run(argv: readonly string[], input = '') {
  const { terminal, said } = recordingTerminal();
  const status = await main(['import', ...argv], { terminal, env: {}, stdin: Readable.from([input]) });
  return { status, ...said };
}

function graphFile(text: string): string {
  const file = join(folder, 'tri.gml');
  writeFileSync(file, text);
  return file;
}

test('an imported topology is written to the file that was asked for, and what became of it is said', async () => {
  const file = graphFile(TRIANGLE);
  const output = join(folder, 'tri.yaml');
  const { status, out, err } = await run([file, '-o', output, '--nodes', 'm1,m2', '--instance', 'dedicated']);
  expect({ status, err }).toEqual({ status: 0, err: '' });
  expect(out.split('\n')).toEqual([
    `${file}: overlay tri of 3 routers and 3 links`,
    '  3 routers have other names than their labels, which stand behind them as comments',
    `written to ${output}; vinet plan -f ${output} shows what it takes`,
    '',
  ]);
  expect(readFileSync(output, 'utf8')).toContain(
    'placement: { nodes: [m1, m2] }\n  routing: { instance: dedicated }',
  );
});

test('without a file for it the overlay alone is the output, so that it can be piped', async () => {
  const { status, out, err } = await run(['-', '--name', 'piped'], TRIANGLE);
  expect(status).toBe(0);
  expect(out).toMatch(/^# .*\napiVersion: vinet\/v1\n/);
  expect(out).toContain('metadata: { name: piped }');
  expect(err).toContain('standard input: overlay piped of 3 routers and 3 links\n');
});

test('a file with faults gives no overlay, and each fault stands with the place that editors jump to', async () => {
  const file = graphFile(`${TRIANGLE.replace('target 2', 'target 7')}]`);
  const output = join(folder, 'tri.yaml');
  expect(await run([file, '-o', output])).toEqual({
    status: 1,
    out: '',
    err: `error: ${file} cannot be imported\n${file}:6:1 there is no list that this "]" could end\n`,
  });
  expect(() => readFileSync(output)).toThrow('ENOENT');
});

test('a file is never replaced by its own overlay, and a place that cannot be written to is named', async () => {
  const file = graphFile(TRIANGLE);
  expect((await run([file, '-o', join(folder, '.', 'tri.gml')])).err).toContain(
    'is the file that is imported',
  );
  expect(readFileSync(file, 'utf8')).toBe(TRIANGLE);
  const { status, err } = await run([file, '-o', join(folder, 'no', 'where.yaml')]);
  expect(status).toBe(1);
  expect(err).toContain(`error: cannot write ${join(folder, 'no', 'where.yaml')}: ENOENT`);
});

test('more than any topology is refused before it is read', async () => {
  const { status, err } = await run(['-'], ' '.repeat(16 * 1024 * 1024 + 1));
  expect({ status, err }).toEqual({
    status: 1,
    err: 'error: standard input is larger than 16 MiB, and no more is read\n',
  });
});

test.each([
  [['--nodes', 'n1,N2']],
  [['--nodes', 'n1], x: [']],
  [['--name', 'Upper']],
  [['--cost', 'distance']],
])('used wrongly, as with %j, it ends with 2', async (flags) => {
  const { status, err } = await run(['-', ...flags], TRIANGLE);
  expect(status).toBe(2);
  expect(err).toMatch(/^error: option/);
});
