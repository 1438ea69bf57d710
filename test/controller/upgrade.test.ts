import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compileDesiredStates } from '../../src/controller/overlays/desired-states.ts';
import { type Inventory, openInventory } from '../../src/controller/overlays/inventory.ts';
import { DESIRED, NODES, OVERLAYS } from '../../src/controller/overlays/record.ts';
import { FrrUpgrade } from '../../src/controller/overlays/upgrade.ts';
import { openSqliteStore } from '../../src/controller/store/sqlite-store.ts';
import type { Store } from '../../src/controller/store/store.ts';
import type { NodeStatus } from '../../src/model/status.ts';
import { buildNode, buildOverlay, planAll } from '../planner/overlay-builder.ts';

const NODE_NAMES = ['n1', 'n2'] as const;

let folder = '';
let store: Store;
let inventory: Inventory;
let upgrade: FrrUpgrade;
let now = 0;
/** Routers whose daemons run other programs than those installed. */
let outdated: Set<string>;
/** False while a node has not done what it was told last. */
let obedient: boolean;
let phase: 'ready' | 'converging';
let lastRouteChange: number;
let told: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vinet-upgrade-'));
  store = openSqliteStore(join(folder, 'controller.db'));
  inventory = await openInventory(store);
  [now, outdated, obedient, phase, lastRouteChange] = [0, new Set(['r1', 'r2']), true, 'ready', 0];
  told = [];
  upgrade = open();
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

it('drains a router, renews its daemons and gives its traffic back, then takes the next', async () => {
  await deploy();
  await upgrade.begin([]);
  expect(upgrade.status()).toMatchObject({ running: true, done: 0, total: 2, step: 'drain' });
  expect(asked()).toEqual({ r1: 'drained' });
  await pass(3_000);
  expect(asked()).toEqual({ r1: 'renewed' });
  // Nothing goes on while its daemons are the old ones.
  await pass(60_000);
  expect(upgrade.status().waitingFor).toContain('daemons of r1');
  outdated.delete('r1');
  await pass(3_000);
  expect(asked()).toEqual({});
  await pass(3_000);
  expect(asked()).toEqual({ r2: 'drained' });
  outdated.delete('r2');
  for (let step = 0; step < 2; step++) await pass(3_000);
  await pass(3_000);
  expect(told).toEqual([expect.stringContaining('2 sets')]);
  expect(upgrade.status()).toMatchObject({ running: false });
});

it('waits for routes to come to rest, for nodes, and for an overlay to be whole', async () => {
  await deploy();
  await upgrade.begin([]);
  obedient = false;
  await pass(60_000);
  expect(asked()).toEqual({ r1: 'drained' });
  obedient = true;
  phase = 'converging';
  await pass(60_000);
  expect(upgrade.status().waitingFor).toContain('overlay net');
  phase = 'ready';
  await upgrade.look();
  lastRouteChange = now + 2_000;
  await pass(4_000);
  expect(asked()).toEqual({ r1: 'drained' });
  await pass(1_000);
  expect(asked()).toEqual({ r1: 'renewed' });
});

it('goes on where it was after a restart of the controller', async () => {
  await deploy();
  await upgrade.begin([]);
  await pass(3_000);
  inventory = await openInventory(store);
  upgrade = open();
  expect(asked()).toEqual({ r1: 'renewed' });
  outdated.delete('r1');
  await pass(3_000);
  expect(asked()).toEqual({});
});

it('leaves nothing drained when it is aborted, or when its overlay goes', async () => {
  await deploy();
  expect(await upgrade.abort()).toBe(false);
  await upgrade.begin(['n2']);
  expect(asked()).toEqual({ r2: 'drained' });
  expect(await upgrade.abort()).toBe(true);
  expect(asked()).toEqual({});
  await upgrade.begin([]);
  await store.commit({ compare: [], puts: [], deletes: [`${OVERLAYS}net`] });
  await upgrade.look();
  await upgrade.look();
  expect(upgrade.status().running).toBe(false);
});

it('takes the routers that share daemons on a node together', async () => {
  await deploy('shared');
  await upgrade.begin([]);
  expect(upgrade.status().total).toBe(2);
  expect(asked()).toEqual({ r1: 'drained', r3: 'drained' });
});

it('is refused when one is under way, when nothing is outdated, and for nodes that nobody knows', async () => {
  await deploy();
  await expect(upgrade.begin(['n9'])).rejects.toMatchObject({ code: 'not-found' });
  await upgrade.begin([]);
  await expect(upgrade.begin([])).rejects.toMatchObject({ code: 'conflict' });
  await upgrade.abort();
  outdated.clear();
  await expect(upgrade.begin([])).rejects.toMatchObject({ code: 'conflict' });
});

/** A ring of four: r1 and r3 on n1, r2 and r4 on n2. */
async function deploy(instance: 'dedicated' | 'shared' = 'dedicated'): Promise<void> {
  const overlay = buildOverlay(
    { kind: 'ring', routers: 4 },
    { placement: { nodes: [...NODE_NAMES] }, routing: { instance } },
  );
  const [planned] = planAll(overlay);
  const times = { createdAt: '', changedAt: '' };
  await store.commit({
    compare: [],
    puts: [
      ...NODE_NAMES.map((name) => ({ key: NODES + name, value: JSON.stringify(buildNode(name)) })),
      { key: `${OVERLAYS}net`, value: JSON.stringify({ ...planned, ...times, deleting: false }) },
      { key: DESIRED, value: '' },
    ],
    deletes: [],
  });
}

function open(): FrrUpgrade {
  return new FrrUpgrade({
    store,
    inventory,
    fleet: { isConnected: () => true, statusOf },
    watch: {
      healthOf: () => ({
        phase,
        message: '',
        routers: { total: 4, ready: 4 },
        routes: { have: 0, want: 0 },
        nodes: NODE_NAMES,
        convergenceMs: null,
        routeChanges: { first: 0, last: lastRouteChange },
      }),
    },
    clock: () => now,
    events: {
      add: (event) => {
        told.push(event.message);
        return { ...event, id: 0, time: '' };
      },
    },
    onStep: () => {},
  });
}

function statusOf(node: string): NodeStatus {
  const overlays = compileDesiredStates(inventory).get(node)?.overlays ?? [];
  return {
    revision: obedient ? inventory.desiredRevision : 0,
    overlays: overlays.map(({ name, environments }) => ({
      name,
      routeChanges: null,
      lostGenerations: [],
      environments: environments.map((environment) => ({
        name: environment.name,
        role: environment.role,
        namespace: environment.namespace,
        phase: 'ready',
        message: '',
        routes: { have: 3, want: 3 },
        neighbors: { have: 2, want: 2 },
        daemons: (environment.routing?.daemons ?? []).map((daemon) => {
          return { daemon, pid: 7, restarts: 0, drift: 0, outdated: outdated.has(environment.name) };
        }),
      })),
    })),
  };
}

/** Looks before and after some time. */
async function pass(ms: number): Promise<void> {
  await upgrade.look();
  now += ms;
  await upgrade.look();
}

function asked(): Record<string, 'drained' | 'renewed'> {
  const found = [...compileDesiredStates(inventory).values()].flatMap(({ overlays }) =>
    overlays.flatMap(({ environments }) =>
      environments.flatMap(({ name, routing }): [string, 'drained' | 'renewed'][] =>
        routing?.drained === true ? [[name, routing.renewsDaemons ? 'renewed' : 'drained']] : [],
      ),
    ),
  );
  return Object.fromEntries(found.sort());
}
