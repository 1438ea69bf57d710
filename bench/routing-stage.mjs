/**
 * Instances: ring and grid on one node, daemons of each router's own and shared ones, vinet beside a plain script that
 * does the same; and what one more router costs.
 */
import { spawn } from 'node:child_process';
import { deployWithPlainScript, deployWithVinet } from './deploy-stage.mjs';
import { run } from './machine.mjs';
import { grid, ring } from './topology-batch.mjs';

const INSTANCES = ['dedicated', 'shared'];
const SPACING_S = 0.01;

/** @returns figures by case; `tell` says what is being done */
export async function measureRouting(size, folder, tell) {
  const cases = [];
  for (const topology of [ring(size), grid(Math.floor(Math.sqrt(size)))]) {
    for (const instance of INSTANCES) {
      const name = `${topology.name}, ${instance}`;
      tell(`${name}: plain shell script`);
      const plain = await deployWithPlainScript(topology, instance, folder);
      tell(`${name}: vinet`);
      const grow = topology.name.startsWith('ring') ? (running) => addRouter(size, running) : undefined;
      const vinet = await deployWithVinet(topology, instance, folder, grow);
      cases.push({ name, instance, vinet, plain });
    }
  }
  return cases;
}

/** Between the last router and the first; meanwhile packets go round the other side, which nobody touched. */
async function addRouter(size, { prefix, apply }) {
  const from = Math.floor(size / 4);
  const far = `${prefix}${Math.floor(size / 2)}`;
  const { stdout } = await run('ip', ['-n', far, '-4', '-o', 'addr', 'show', 'lo', 'scope', 'global']);
  const [, address] = /inet ([\d.]+)/.exec(stdout) ?? [];
  const stopPing = startPing(`${prefix}${from}`, address);
  try {
    const adding = await apply(ring(size + 1));
    return { adding, ...(await stopPing()) };
  } catch (error) {
    await stopPing();
    throw error;
  }
}

/** Ends as a person would end it, and then says what was lost. */
function startPing(namespace, address) {
  const argv = ['netns', 'exec', namespace, 'ping', '-n', '-q', '-i', String(SPACING_S), address];
  const child = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  return async () => {
    child.kill('SIGINT');
    await ended;
    const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(said) ?? [];
    return { sent: Number(sent), lost: Number(sent) - Number(received) };
  };
}
