import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../scripts/sum-tests.mjs', import.meta.url));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vt-sum-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the last line of npm test', () => {
  test('sums all lanes', () => {
    lane('plain', 0, { passed: 5, skipped: 1 });
    lane('root', 0, { passed: 7, todo: 2 });
    expect(sum(['plain', 'root'])).toEqual({ last: 'tests: 12 passed, 0 failed, 3 skipped', status: 0 });
  });

  test('fails when a test failed', () => {
    lane('plain', 1, { passed: 5, failed: 2 });
    expect(sum(['plain'])).toEqual({ last: 'tests: 5 passed, 2 failed, 0 skipped', status: 1 });
  });

  test('counts a lane that failed outside of its tests as a failure', () => {
    lane('plain', 1, { passed: 5 });
    lane('root', 137, null);
    expect(sum(['plain', 'root'])).toEqual({ last: 'tests: 5 passed, 2 failed, 0 skipped', status: 1 });
  });

  test('fails when a lane ran no test', () => {
    lane('plain', 0, {});
    expect(sum(['plain'])).toEqual({ last: 'tests: 0 passed, 0 failed, 0 skipped', status: 1 });
  });

  test('fails where nothing may be skipped and something was', () => {
    lane('plain', 0, { passed: 5, skipped: 1 });
    expect(sum(['plain'], { CI: 'true' })).toEqual({
      last: 'tests: 5 passed, 0 failed, 1 skipped',
      status: 1,
    });
  });

  test('fails on a lane that cannot run only where nothing may be skipped', () => {
    lane('plain', 0, { passed: 5 });
    writeFileSync(join(folder, 'root.unable'), 'needs root');
    const last = 'tests: 5 passed, 0 failed, 0 skipped';
    expect(sum(['plain', 'root'])).toEqual({ last, status: 0 });
    expect(sum(['plain', 'root'], { CI: 'true' })).toEqual({ last, status: 1 });
  });

  test('fails when no lane could run', () => {
    writeFileSync(join(folder, 'root.unable'), 'needs root');
    expect(sum(['root'])).toEqual({ last: 'tests: 0 passed, 0 failed, 0 skipped', status: 1 });
  });
});

interface Counts {
  readonly passed?: number;
  readonly failed?: number;
  readonly skipped?: number;
  readonly todo?: number;
}

function lane(name: string, status: number, counts: Counts | null): void {
  writeFileSync(join(folder, `${name}.status`), `${status}\n`);
  if (counts === null) return;
  const { passed = 0, failed = 0, skipped = 0, todo = 0 } = counts;
  const result = {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: skipped,
    numTodoTests: todo,
  };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(result));
}

function sum(
  lanes: readonly string[],
  env: Record<string, string> = {},
): { last: string; status: number | null } {
  const { PATH = '' } = process.env;
  const { stdout, status } = spawnSync(process.execPath, [SCRIPT, folder, ...lanes], {
    env: { PATH, ...env },
    encoding: 'utf8',
  });
  return { last: stdout.trimEnd().split('\n').at(-1) ?? '', status };
}
