import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeState, VrfPlace } from '../model/node-state.ts';
import { errorText, VinetError } from '../model/vinet-error.ts';
import { UsedKeys } from './used-keys.ts';

/** What an environment was made for; written before anything of it is made, removed after all of it is gone. */
export interface Mark {
  readonly namespace: string;
  readonly overlay: string;
  readonly name: string;
  /** Null where it is a namespace. */
  readonly vrf: VrfPlace | null;
}

/**
 * The agent's memory on disk: which environments are its own, and what its node should be. It survives the
 * agent and a reboot, so nothing that was begun is ever forgotten.
 */
export class StateFolder {
  /** Kept also when the node is purged, for the controller may let it come back to the same keys. */
  readonly usedKeys: UsedKeys;
  private readonly marksFolder: string;
  private readonly desiredFile: string;
  private readonly marked: Map<string, Mark>;

  constructor(folder: string) {
    this.marksFolder = join(folder, 'environments');
    this.desiredFile = join(folder, 'desired.json');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    mkdirSync(this.marksFolder, { recursive: true, mode: 0o700 });
    this.usedKeys = new UsedKeys(join(folder, 'used-keys'));
    this.marked = new Map(readMarks(this.marksFolder).map((mark) => [mark.namespace, mark]));
  }

  marks(): readonly Mark[] {
    return [...this.marked.values()];
  }

  markOf(namespace: string): Mark | null {
    return this.marked.get(namespace) ?? null;
  }

  isMarked(namespace: string): boolean {
    return this.marked.has(namespace);
  }

  mark(mark: Mark): void {
    if (this.marked.has(mark.namespace)) return;
    writeWhole(join(this.marksFolder, mark.namespace), JSON.stringify(mark));
    this.marked.set(mark.namespace, mark);
  }

  unmark(namespace: string): void {
    rmSync(join(this.marksFolder, namespace), { force: true });
    this.marked.delete(namespace);
  }

  /** What the node was last told to be; null when it was told nothing yet or the file is unreadable. */
  readDesired(): NodeState | null {
    try {
      return withPlaces(JSON.parse(readFileSync(this.desiredFile, 'utf8')) as NodeState);
    } catch {
      return null;
    }
  }

  forgetDesired(): void {
    rmSync(this.desiredFile, { force: true });
  }

  writeDesired(state: NodeState): void {
    writeWhole(this.desiredFile, JSON.stringify(state));
  }
}

/** A version that knew no VRFs wrote nothing about them. */
function withPlaces(state: NodeState): NodeState {
  const overlays = state.overlays.map((overlay) => ({
    ...overlay,
    environments: overlay.environments.map((environment) => ({
      ...environment,
      vrf: environment.vrf ?? null,
    })),
  }));
  return { ...state, overlays };
}

function readMarks(folder: string): Mark[] {
  const marks: Mark[] = [];
  for (const file of readdirSync(folder)) {
    if (!/^[a-z][a-z0-9_-]*$/.test(file)) continue;
    marks.push(readMark(join(folder, file), file));
  }
  return marks;
}

/** A mark that was cut off while written still says which namespace it is about: its file's name. */
function readMark(path: string, namespace: string): Mark {
  const [overlay = '', name = ''] = namespace.split('_');
  try {
    const mark = JSON.parse(readFileSync(path, 'utf8')) as Partial<Mark>;
    return { namespace, overlay: mark.overlay ?? overlay, name: mark.name ?? name, vrf: mark.vrf ?? null };
  } catch {
    return { namespace, overlay, name, vrf: null };
  }
}

function writeWhole(path: string, text: string): void {
  const draft = `${path}.new`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, path);
  } catch (error) {
    throw new VinetError('state-folder', `cannot write ${path}: ${errorText(error)}`, { cause: error });
  }
}
