import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Frr } from '../../../src/agent/frr/frr.ts';
import { removeHostsFile, writeHostsFile } from '../../../src/agent/hosts-file.ts';
import type { Kernel } from '../../../src/agent/kernel/kernel.ts';
import { openKernel } from '../../../src/agent/kernel/open-kernel.ts';
import { Environments } from '../../../src/agent/reconciler/environments.ts';
import { Observer } from '../../../src/agent/reconciler/observer.ts';
import { StateFolder } from '../../../src/agent/state-folder.ts';

const NAME = 'vto_r1';
const NOTHING = { revision: 1, overlays: [] };

let folder: string;
let kernel: Kernel;
let environments: Environments;
let observer: Observer;
/** How often daemons were looked at: the rest of an environment is read together with them. */
let looks = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vinet-test-'));
  kernel = await openKernel({ underlay: null });
  kernel.deleteNamespace(NAME);
  removeHostsFile(NAME);
  const state = new StateFolder(folder);
  state.mark({ namespace: NAME, overlay: 'vto', name: 'r1', vrf: null });
  environments = new Environments(kernel, state, () => undefined);
  await environments.create(NAME);
  looks = 0;
  const observe = async () => {
    looks += 1;
    return [];
  };
  observer = new Observer(kernel, { observe } as Partial<Frr> as Frr, state, environments, () => undefined);
});

afterEach(() => {
  environments.close();
  kernel.deleteNamespace(NAME);
  removeHostsFile(NAME);
  rmSync(folder, { recursive: true, force: true });
});

it('looks at the hosts file alone after that was written', async () => {
  await look();
  writeHostsFile(NAME, '10.0.0.7 r7\n');
  expect((await look())?.hosts).toBe('');
  observer.hostsChanged(NAME);
  expect((await look())?.hosts).toBe('10.0.0.7 r7\n');
  expect(looks).toBe(1);
});

it('sees a hosts file and a link that somebody else changed when all is looked at again', async () => {
  await look();
  writeHostsFile(NAME, '10.0.0.7 r7\n');
  execFileSync('ip', ['-n', NAME, 'link', 'add', 'mine', 'type', 'ifb']);
  observer.hostsChanged('vto_r2');
  expect((await look())?.links.map(({ name }) => name)).toEqual(['lo']);
  observer.invalidateAll();
  expect(await look()).toMatchObject({ hosts: '10.0.0.7 r7\n', links: [{ name: 'lo' }, { name: 'mine' }] });
  expect(looks).toBe(2);
});

async function look() {
  return (await observer.observe(NOTHING)).environments.find(({ namespace }) => namespace === NAME);
}
