import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../scripts/sum-tests.mjs', import.meta.url));
let folder: string;
let output = '';

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

  test('counts the second run of a file that failed, and names what was unsteady', () => {
    lane('root', 1, { passed: 2, failed: 1 }, [
      { name: 'a.test.ts', tests: { one: 'passed', two: 'failed' } },
      { name: 'b.test.ts', tests: { three: 'passed' } },
    ]);
    lane('root.again', 0, { passed: 2 }, [{ name: 'a.test.ts', tests: { one: 'passed', two: 'passed' } }]);
    expect(sum(['root'])).toEqual({ last: 'tests: 3 passed, 0 failed, 0 skipped', status: 0 });
    expect(output).toContain('unsteady: a.test.ts: two');
  });

  test('fails when a file fails twice, and names what did', () => {
    lane('root', 1, { passed: 1, failed: 1 }, [
      { name: 'a.test.ts', tests: { two: 'failed' } },
      { name: 'b.test.ts', tests: { three: 'passed' } },
    ]);
    lane('root.again', 1, { failed: 1 }, [{ name: 'a.test.ts', tests: { two: 'failed' } }]);
    expect(sum(['root'])).toEqual({ last: 'tests: 1 passed, 1 failed, 0 skipped', status: 1 });
    expect(output).toContain('failed: a.test.ts: two');
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

interface FileResult {
  readonly name: string;
  readonly tests: Readonly<Record<string, 'passed' | 'failed'>>;
}

function lane(name: string, status: number, counts: Counts | null, files: readonly FileResult[] = []): void {
  writeFileSync(join(folder, `${name}.status`), `${status}\n`);
  if (counts === null) return;
  const { passed = 0, failed = 0, skipped = 0, todo = 0 } = counts;
  const result = {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: skipped,
    numTodoTests: todo,
    testResults: files.map((file) => ({
      name: join(process.cwd(), file.name),
      assertionResults: Object.entries(file.tests).map(([fullName, state]) => ({ fullName, status: state })),
    })),
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
  output = stdout;
  return { last: stdout.trimEnd().split('\n').at(-1) ?? '', status };
}
