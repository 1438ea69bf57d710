// The test files that failed, a line each: node failed-files.mjs REPORT, vitest's JSON report. None where more failed
// than a moment of a busy machine explains.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const MOST = 3;

const [report = ''] = process.argv.slice(2);
const { testResults = [] } = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
const failed = testResults.filter(({ status }) => status === 'failed');
if (failed.length <= MOST) for (const { name } of failed) console.log(relative(process.cwd(), name));
