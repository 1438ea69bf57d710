/**
 * npm run bench [-- kernel|deploy|links|routing] [--sizes 20,50,200]
 *
 * A ring of N routers on one node: vinet beside `ip -batch`, Mininet and a plain shell script, in one run and one
 * table. Machines' speed drifts, so the marks are ratios within the run. Exit status 0 when every stage ran,
 * whether its marks were met or not; 1 when one failed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { deployWithPlainScript, deployWithVinet, removePlain, removeVinet } from './deploy-stage.mjs';
import { PREFIX, programWithIpBatch, programWithMininet, programWithVinet } from './kernel-stage.mjs';
import { judgeLinks, renderLinks } from './links-report.mjs';
import { measureLinks } from './links-stage.mjs';
import { findDaemons, interrupt, median, run } from './machine.mjs';
import { judge } from './marks.mjs';
import { renderMarks, renderTable } from './report.mjs';
import { judgeRouting, renderRouting } from './routing-report.mjs';
import { measureRouting } from './routing-stage.mjs';
import { ring } from './topology-batch.mjs';

const REPEATS = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sizes: { type: 'string', default: '20,50,200' } },
});
const sizes = values.sizes.split(',').map(Number);
const STAGES = ['kernel', 'deploy', 'links', 'routing'];
const stages = positionals.length === 0 ? STAGES : positionals;
if (sizes.some((size) => !(size >= 4 && size <= 1000)) || stages.some((stage) => !STAGES.includes(stage))) {
  console.error(
    'usage: npm run bench [-- kernel|deploy|links|routing] [--sizes 20,50,200]   (sizes are 4 to 1000)',
  );
  process.exit(2);
}

/** By contestant, then by size. */
const results = {};
let links = null;
let routing = null;
const folder = mkdtempSync(join(tmpdir(), 'vinet-bench-'));
// What runs then fails, and the way out cleans up.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, interrupt);

try {
  await cleanUp();
  if (stages.includes('kernel')) await measureKernel();
  if (stages.includes('deploy')) await measureDeploy();
  if (stages.includes('links')) links = await measureLinks(folder, (what) => tell(`links: ${what}`));
  if (stages.includes('routing'))
    routing = await measureRouting(Math.max(...sizes), folder, (what) => tell(`routing: ${what}`));
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
} finally {
  await cleanUp();
  rmSync(folder, { recursive: true, force: true });
  // Also what was measured before something failed.
  if (Object.keys(results).length > 0) report();
  if (links !== null) console.log(`\n${renderLinks(links)}\n${renderMarks(judgeLinks(links))}`);
  if (routing !== null) console.log(`\n${renderRouting(routing)}\n${renderMarks(judgeRouting(routing))}`);
}

/** Contestants take turns, so that a slow moment of the machine meets them all. */
async function measureKernel() {
  for (const size of sizes) {
    const taken = { vinet: [], batch: [] };
    for (let turn = 0; turn < REPEATS; turn++) {
      tell(`kernel, N = ${size}, turn ${turn + 1} of ${REPEATS}`);
      taken.vinet.push(await programWithVinet(size));
      taken.batch.push(await programWithIpBatch(size, folder));
    }
    tell(`Mininet, N = ${size}`);
    record('kernel vinet', size, medians(taken.vinet));
    record('kernel ip -batch', size, medians(taken.batch));
    record('kernel Mininet', size, await programWithMininet(size));
  }
}

async function measureDeploy() {
  for (const size of sizes) {
    tell(`vinet apply --wait, N = ${size}`);
    record('deploy vinet', size, await deployWithVinet(ring(size), 'dedicated', folder));
    tell(`plain shell script, N = ${size}`);
    record('deploy plain', size, await deployWithPlainScript(ring(size), 'dedicated', folder));
  }
}

function report() {
  console.log(
    `\nRing of N routers on one node; Linux ${release()}, ${availableParallelism()} CPUs, Node ${process.version}\n`,
  );
  console.log(renderTable(sizes, results));
  console.log(renderMarks(judge(sizes, results)));
}

function record(contestant, size, result) {
  results[contestant] = { ...results[contestant], [size]: result };
}

function medians(results) {
  return Object.fromEntries(
    Object.keys(results[0]).map((key) => [key, median(results.map((result) => result[key]))]),
  );
}

/** Whatever a run left, this one or one that was killed: only what bears the bench's own names. */
async function cleanUp() {
  await attempt(() => removeVinet(folder));
  await attempt(() => removePlain(Math.max(...sizes), folder));
  for (const pid of [...findDaemons(PREFIX), ...findDaemons('vb_all')])
    await attempt(async () => process.kill(pid, 'SIGKILL'));
  const script = `ip netns list | grep -oE '^${PREFIX}[0-9]+' | sed 's/^/netns del /' | ip -force -batch -
    rm -rf /etc/frr/${PREFIX}[0-9]* /var/run/frr/${PREFIX}[0-9]* /etc/frr/vb_all /var/run/frr/vb_all`;
  await attempt(() => run('bash', ['-c', script], { cleaning: true }));
}

async function attempt(work) {
  try {
    await work();
  } catch (error) {
    console.error(`bench: cleaning up: ${error.message}`);
  }
}

function tell(what) {
  console.error(`bench: ${what}`);
}
