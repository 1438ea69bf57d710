/** The whole job, from nothing to every route everywhere: `vinet apply --wait` and a plain shell script. */
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeBatches } from './kernel-stage.mjs';
import {
  findDaemons,
  findProcesses,
  readCpuSeconds,
  readLastStart,
  readPssMegabytes,
  readUptime,
  run,
} from './machine.mjs';
import { ospfLines } from './topology-batch.mjs';

const VINET = new URL('../bin/vinet', import.meta.url).pathname;
const PLAIN = new URL('plain-deploy.sh', import.meta.url).pathname;
const IDLE_S = 10;
/** Names of the bench's own lab and overlay, which also begin the names of their namespaces and pathspaces. */
const LAB = 'vb-lab';
const OVERLAY = 'vb-ring';

/**
 * One node, one overlay; the lab is there before the clock starts, as agents are.
 * @param instance `dedicated` or `shared` daemons
 * @param more what else is measured on the running overlay: called with `{ vinet, apply }`, adds to the result
 */
export async function deployWithVinet(topology, instance, folder, more = async () => ({})) {
  const env = { VINET_LAB_NAME: LAB, VINET_LAB_DIR: join(folder, 'lab') };
  const vinet = (...argv) => run(VINET, argv, { env, timeoutS: 600, cleaning: argv[1] === 'down' });
  const apply = async (wanted) => {
    const file = join(folder, 'overlay.yaml');
    writeFileSync(file, overlayFile(wanted, instance));
    return (await vinet('apply', '-f', file, '--wait', '--timeout', '580s')).seconds;
  };
  await vinet('lab', 'up', '--nodes', '1');
  try {
    const agent = [findPart(folder, 'n1')];
    const controller = [findPart(folder, 'controller')];
    const before = { agent: readCpuSeconds(agent), controller: readCpuSeconds(controller) };
    const begin = readUptime();
    const seconds = await apply(topology);
    const daemons = findDaemons(`${OVERLAY}_`);
    const result = {
      apply: seconds,
      started: readLastStart(daemons) - begin,
      agentCpu: readCpuSeconds(agent) - before.agent,
      controllerCpu: readCpuSeconds(controller) - before.controller,
      frrCpu: readCpuSeconds(daemons),
      agentMegabytes: readPssMegabytes(agent),
      frrMegabytes: readPssMegabytes(daemons),
    };
    await checkRoutes(`${OVERLAY}_r`, topology.count);
    const idle = await measureIdle(agent);
    const found = await more({ prefix: `${OVERLAY}_r`, apply });
    const { seconds: stop } = await vinet('delete', 'overlay', OVERLAY, '--wait');
    return { ...result, idle, ...found, stop };
  } finally {
    await vinet('lab', 'down');
  }
}

export async function deployWithPlainScript(topology, instance, folder) {
  chmodSync(folder, 0o755);
  writeBatches(topology, folder);
  writeConfigs(topology, folder);
  const timed = `TIMEFORMAT='cpu %U %S'; time ${PLAIN} up ${instance} ${topology.count} ${folder}`;
  try {
    const begin = readUptime();
    const { seconds: apply, stderr } = await run('bash', ['-c', timed], { timeoutS: 600 });
    const [, user, system] = /^cpu ([\d.]+) ([\d.]+)$/m.exec(stderr) ?? [];
    const daemons = [...findDaemons('vb_r'), ...findDaemons('vb_all')];
    const result = {
      apply,
      started: readLastStart(daemons) - begin,
      // A daemon's start is in it: who goes into the background has read his configuration before.
      scriptCpu: Number(user) + Number(system),
      frrCpu: readCpuSeconds(daemons),
      frrMegabytes: readPssMegabytes(daemons),
    };
    await checkRoutes('vb_r', topology.count);
    return result;
  } finally {
    await removePlain(topology.count, folder);
  }
}

export async function removePlain(count, folder) {
  if (existsSync(join(folder, 'removal')))
    await run(PLAIN, ['down', 'dedicated', String(count), folder], { cleaning: true });
}

export async function removeVinet(folder) {
  const directory = join(folder, 'lab');
  if (!existsSync(directory)) return;
  await run(VINET, ['lab', 'down'], {
    env: { VINET_LAB_NAME: LAB, VINET_LAB_DIR: directory },
    cleaning: true,
  });
  rmSync(directory, { recursive: true, force: true });
}

function writeConfigs(topology, folder) {
  const write = (name, lines) => writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  const all = [];
  for (let i = 1; i <= topology.count; i++) {
    write(`ospfd.${i}`, [`hostname r${i}`, ...ospfLines(i, topology)]);
    all.push(...ospfLines(i, topology, `vb_r${i}`));
  }
  write('ospfd.all', all);
}

function overlayFile({ spec }, instance) {
  return `apiVersion: vinet/v1
kind: Overlay
metadata: { name: ${OVERLAY} }
spec:
  topology: { ${spec} }
  placement: { nodes: [n1] }
  routing: { instance: ${instance} }
`;
}

/** The lab's controller, or the agent of a node. */
function findPart(folder, part) {
  const mark = `--state-directory=${join(folder, 'lab', part)}`;
  const [pid] = findProcesses((argv) => argv.includes(mark));
  if (pid === undefined) throw new Error(`the lab has no process ${part}`);
  return pid;
}

/** Part of one core that a process takes while nothing changes. */
async function measureIdle(pids) {
  const before = readCpuSeconds(pids);
  await pause(IDLE_S * 1000);
  return (readCpuSeconds(pids) - before) / IDLE_S;
}

/** Read from the kernel, not from who claims to be ready: each router has an OSPF route to every other's loopback. */
async function checkRoutes(prefix, count) {
  const script = `for i in $(seq ${count}); do ip -n ${prefix}$i -4 -o addr show lo scope global; done
    echo; for i in $(seq ${count}); do echo "router $i"; ip -n ${prefix}$i -4 route show proto ospf; done`;
  const { stdout } = await run('bash', ['-c', script]);
  const [addresses = '', tables = ''] = stdout.split('\n\n');
  const loopbacks = [...addresses.matchAll(/inet ([\d.]+)\/32/g)].map(([, address]) => address);
  if (loopbacks.length !== count)
    throw new Error(`${loopbacks.length} of ${count} routers have a loopback address`);
  for (const table of tables.split(/^router /m).slice(1)) {
    const [number, ...routes] = table.trim().split('\n');
    const reached = new Set(routes.map((route) => route.split(' ')[0]));
    const missing = loopbacks.filter(
      (address, index) => index + 1 !== Number(number) && !reached.has(address),
    );
    if (missing.length > 0)
      throw new Error(`router ${number} of ${count} has no route to ${missing.slice(0, 3).join(', ')}`);
  }
}
