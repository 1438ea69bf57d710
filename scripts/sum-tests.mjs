// Sums the lanes' JSON results of vitest: node sum-tests.mjs FOLDER LANE...
// FOLDER holds LANE.json and LANE.status (vitest's exit status) of a lane that ran, LANE.unable of one that could not.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

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

/** A lane whose vitest failed without saying which test did (an import, a hook) counts as one failure. */
function readCounts(lane) {
  const status = readText(join(folder, `${lane}.status`)).trim();
  const text = readText(join(folder, `${lane}.json`));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (text !== '') {
    const result = JSON.parse(text);
    counts.passed = result.numPassedTests;
    counts.failed = result.numFailedTests;
    counts.skipped = result.numPendingTests + result.numTodoTests;
  }
  if (status !== '0' && counts.failed === 0) {
    reasons.push(`vitest ended with status ${status} in lane ${lane}`);
    counts.failed = 1;
  }
  return counts;
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
