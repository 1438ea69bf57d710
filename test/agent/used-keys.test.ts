import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsedKeys } from '../../src/agent/used-keys.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vinet-used-'));
  file = join(folder, 'used-keys');
});
afterEach(() => rmSync(folder, { recursive: true }));

const [ONE, TWO] = ['a'.repeat(22), 'b'.repeat(22)];

describe('keys that were used', () => {
  it('are remembered by the next life, in a file for its owner', () => {
    new UsedKeys(file).note([ONE, TWO]);
    expect([...new UsedKeys(file).names].sort()).toEqual([ONE, TWO]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('do not change under who looks at them', () => {
    const used = new UsedKeys(file);
    const before = used.names;
    used.note([ONE]);
    expect([before.size, used.names.size]).toEqual([0, 1]);
  });

  it('are forgotten when the kernel took them not', () => {
    const used = new UsedKeys(file);
    used.note([ONE]);
    used.forget([ONE]);
    used.note([TWO]);
    expect([...new UsedKeys(file).names]).toEqual([TWO]);
  });

  it('are the latest of very many, those in use among them', () => {
    const used = new UsedKeys(file);
    used.note([ONE]);
    for (let batch = 0; batch < 3; batch += 1) {
      used.note(Array.from({ length: 20_000 }, (_, at) => `${batch}x${at}`.padEnd(22, '_')));
      used.note([ONE]);
    }
    expect(used.names.size).toBe(50_000);
    expect(used.names.has(ONE)).toBe(true);
  });

  it('survive a line that is none', () => {
    new UsedKeys(file).note([ONE]);
    writeFileSync(file, `${readFileSync(file, 'latin1')}\0\0\0\n${TWO}`);
    expect([...new UsedKeys(file).names]).toEqual([ONE, TWO]);
  });

  it('that cannot be read stop the agent: it would use them again', () => {
    expect(() => new UsedKeys(folder)).toThrow(expect.objectContaining({ code: 'state-folder' }));
  });
});
