import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { VinetError } from '../model/vinet-error.ts';
import { type LabPlan, labNodes, labPaths, MAX_LAB_NODES } from './lab-layout.ts';

/** What a lab leaves on disk, all of it in one folder that only root may enter. */

/** The lab that a folder holds; null where it holds none. Fails with `bad-lab` when its record is damaged. */
export function readPlan(directory: string): LabPlan | null {
  const file = labPaths(directory).plan;
  if (!existsSync(file)) return null;
  try {
    const { name, nodes, mtu, restPort, metricsPorts, maxMembers } = JSON.parse(
      readFileSync(file, 'utf8'),
    ) as LabPlan;
    const numbers = [nodes, mtu, restPort, maxMembers, ...metricsPorts];
    if (/^[a-z][a-z0-9-]*$/.test(name) && nodes <= MAX_LAB_NODES && numbers.every(Number.isInteger)) {
      return { name, nodes, mtu, directory, restPort, metricsPorts, maxMembers };
    }
  } catch {
    // Told below: what cannot be read and what makes no sense are the same to a caller.
  }
  throw new VinetError('bad-lab', `${file} is damaged; remove that file and run \`vinet lab down\``);
}

/** Makes the folders and records the lab, before anything else of the lab is made. */
export function writePlan(plan: LabPlan): void {
  const paths = labPaths(plan.directory);
  mkdirSync(plan.directory, { recursive: true, mode: 0o700 });
  chmodSync(plan.directory, 0o700);
  if (!existsSync(paths.token)) writeSecret(paths.token, `${randomBytes(32).toString('hex')}\n`);
  for (const { stateDirectory } of labNodes(plan))
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  writeSecret(paths.plan, `${JSON.stringify({ ...plan, directory: undefined }, null, 2)}\n`);
  writeSecret(paths.client, `address: http://127.0.0.1:${plan.restPort}\ntokenFile: token\n`);
}

/** Whether something stands in the folder that no lab put there. */
export function holdsForeignFiles(directory: string): boolean {
  return readEntries(directory).some((entry) => !OURS.test(entry));
}

/** Numbers of the nodes that have something in the folder. */
export function nodesInFolder(directory: string): number[] {
  return readEntries(directory).flatMap((entry) => {
    const number = NODE_ENTRY.exec(entry)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

/** Whether the state of one of its agents was lost, and with it the marks of what that agent made. */
export function hasLostState(plan: LabPlan): boolean {
  return labNodes(plan).some(({ stateDirectory }) => !existsSync(stateDirectory));
}

/** Whether an agent left a mark of an environment that it made. */
export function hasEnvironments(stateDirectory: string): boolean {
  return readEntries(join(stateDirectory, 'environments')).length > 0;
}

/** Removes what a lab made in its folder, the record last, and the folder itself where nothing else is in it. */
export function removeFolder(directory: string): void {
  const entries = readEntries(directory).filter((entry) => OURS.test(entry));
  for (const entry of entries.sort((a, b) => Number(a === 'lab.json') - Number(b === 'lab.json'))) {
    rmSync(join(directory, entry), { recursive: true, force: true });
  }
  removeIfEmpty(directory);
  // Made on the way to the folder; whatever else runs here keeps it.
  if (basename(dirname(directory)) === 'vinet') removeIfEmpty(dirname(directory));
}

const NODE_ENTRY = /^n([1-9][0-9]{0,2})(?:\.log)?$/;
const OURS =
  /^(?:lab\.json|client\.yaml|token|(?:lab\.json|client\.yaml|token)\.new|keeper\.log|controller(?:\.sock|\.log)?|n[1-9][0-9]{0,2}(?:\.log)?)$/;

function removeIfEmpty(directory: string): void {
  if (existsSync(directory) && readEntries(directory).length === 0) rmdirSync(directory);
}

function readEntries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function writeSecret(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
