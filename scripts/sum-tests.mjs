// Sums the lanes' JSON results of vitest: node sum-tests.mjs FOLDER LANE...
// FOLDER holds LANE.json and LANE.status (vitest's exit status) of a lane that ran, LANE.unable of one that could not;
// LANE.again.json and LANE.again.status of its failed files, where they ran a second time.
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const [folder = '.', ...lanes] = process.argv.slice(2);
const nothingMayBeSkipped = process.env.CI === 'true';
const total = { passed: 0, failed: 0, skipped: 0 };
const reasons = [];

for (const lane of lanes) {
  if (existsSync(join(folder, `${lane}.unable`))) {
    if (nothingMayBeSkipped) reasons.push(`lane ${lane} could not run`);
    continue;
  }
  const counts = readCounts(lane);
  if (counts.passed + counts.failed === 0) reasons.push(`lane ${lane} ran no test`);
  for (const key of Object.keys(total)) total[key] += counts[key];
}
if (total.passed + total.failed === 0) reasons.push('no test was run');
if (total.failed > 0) reasons.push(`${total.failed} failed`);
if (total.skipped > 0 && nothingMayBeSkipped) reasons.push(`${total.skipped} skipped`);

if (reasons.length > 0) console.log(`not good: ${reasons.join('; ')}`);
console.log(`tests: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = reasons.length > 0 ? 1 : 0;

/** Of a file that ran a second time the second result counts; what failed in the first is told all the same. */
function readCounts(lane) {
  const first = readRun(lane) ?? { status: 'unknown', result: null };
  const again = readRun(`${lane}.again`);
  if (again === null || again.result === null) return countsOf(lane, first, failuresOf(first));
  const repeated = new Set(again.result.testResults.map(({ name }) => name));
  const others = first.result.testResults.filter(({ name }) => !repeated.has(name));
  for (const name of failuresOf(first)) console.log(`unsteady: ${name}`);
  const merged = {
    status: again.status,
    result: totalsOf([...others, ...again.result.testResults]),
  };
  return countsOf(lane, merged, failuresOf(again));
}

/** A lane whose vitest failed without saying which test did (an import, a hook) counts as one failure. */
function countsOf(lane, { status, result }, failures) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (result !== null) {
    counts.passed = result.numPassedTests;
    counts.failed = result.numFailedTests;
    counts.skipped = result.numPendingTests + result.numTodoTests;
  }
  for (const name of failures) console.log(`failed: ${name}`);
  if (status !== '0' && counts.failed === 0) {
    reasons.push(`vitest ended with status ${status} in lane ${lane}`);
    counts.failed = 1;
  }
  return counts;
}

function totalsOf(files) {
  const states = files.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status));
  const count = (...wanted) => states.filter((state) => wanted.includes(state)).length;
  return {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending', 'skipped'),
    numTodoTests: count('todo'),
  };
}

/** As FILE: TEST. */
function failuresOf({ result }) {
  return (result?.testResults ?? []).flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => `${relative(process.cwd(), name)}: ${fullName}`),
  );
}

/** Null where there was no such run. */
function readRun(run) {
  const status = readText(join(folder, `${run}.status`)).trim();
  if (status === '') return null;
  const text = readText(join(folder, `${run}.json`));
  return { status, result: text === '' ? null : JSON.parse(text) };
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
