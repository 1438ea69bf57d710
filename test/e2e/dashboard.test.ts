import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { GRAFANA_FOLDER, queriesOf, readDashboards, substitute } from '../grafana/dashboard.ts';
import { METRICS, METRICS_OF_SOME_LINKS } from '../grafana/metric-names.ts';
import { succeed, TestLab } from './test-lab.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NODES = 3;
const ROUTERS = 10;
/** Not the example's own name: that one may run on this machine already. */
const OVERLAY = 'vt-ring';
const VARIABLES = { overlay: OVERLAY, node: '.*', router: '.*', __rate_interval: '10s', __range: '1m' };
/** Panels that show something only when something is wrong. */
const EMPTY_WHEN_WELL = [
  'Strangers at tunnels and link layers A',
  'Refused by IPsec A',
  'Neighbours that are not up A',
  'Routes that zebra and the kernel disagree about A',
];

const lab = new TestLab('vt-dashboard', NODES);
const folder = mkdtempSync(join(tmpdir(), 'vt-dashboard-'));
const configFile = join(folder, 'prometheus.yml');
let prometheus: ChildProcess | undefined;
let address = '';

beforeAll(async () => {
  await lab.up();
  const example = readFileSync(join(ROOT, 'examples/ring.yaml'), 'utf8');
  const file = lab.write('ring.yaml', example.replace('name: ring', `name: ${OVERLAY}`));
  succeed(await lab.vinet('apply', '-f', file, '--wait'));
  writeFileSync(configFile, prometheusConfig());
  address = `127.0.0.1:${await freePort()}`;
  prometheus = startPrometheus();
  await vi.waitFor(async () => expect(await valuesOf('sum(up)')).toEqual([NODES + 1]), {
    timeout: 60_000,
    interval: 250,
  });
});

afterAll(async () => {
  if (prometheus !== undefined) await end(prometheus);
  rmSync(folder, { recursive: true, force: true });
  await lab.down();
});

test('promtool accepts the configuration as it is shipped', async () => {
  const { stdout } = await promisify(execFile)('promtool', [
    'check',
    'config',
    join(GRAFANA_FOLDER, 'prometheus.yml'),
  ]);
  expect(stdout).toContain('SUCCESS');
});

test('every metric that dashboards may use is scraped', async () => {
  await vi.waitFor(
    async () => {
      const names = new Set(await ask<string[]>('label/__name__/values'));
      const missing = Object.keys(METRICS).filter((name) => !names.has(name));
      expect(missing.filter((name) => !METRICS_OF_SOME_LINKS.includes(name))).toEqual([]);
    },
    { timeout: 30_000, interval: 250 },
  );
});

describe.each(readDashboards())('dashboard $file', ({ dashboard }) => {
  const queries = queriesOf(dashboard).map(({ name, expr }) => ({
    name,
    query: substitute(expr, VARIABLES),
  }));

  test.each(queries.filter(({ name }) => !EMPTY_WHEN_WELL.includes(name)))(
    'has data for $name',
    async ({ query }) => {
      await vi.waitFor(async () => expect((await valuesOf(query)).length).toBeGreaterThan(0), {
        timeout: 30_000,
        interval: 250,
      });
    },
  );

  test.each(queries.filter(({ name }) => EMPTY_WHEN_WELL.includes(name)))(
    'gets an answer to $name',
    async ({ query }) => {
      expect(await valuesOf(query)).toBeInstanceOf(Array);
    },
  );
});

test('the ring is shown as converged', async () => {
  const of = (name: string) =>
    readDashboards()
      .flatMap(({ dashboard }) => queriesOf(dashboard))
      .filter((query) => query.name === `${name} A`)
      .map(({ expr }) => substitute(expr, VARIABLES))
      .join();
  await vi.waitFor(
    async () => {
      expect(await valuesOf(of('Routers ready'))).toEqual([1]);
      expect(await valuesOf(of('Routes there'))).toEqual([1]);
      expect(await valuesOf(of('Daemons down'))).toEqual([0]);
      expect(await valuesOf(of('Links down'))).toEqual([0]);
      expect(await valuesOf(of('Destinations missing, by router'))).toEqual(Array(ROUTERS).fill(0));
      expect(await valuesOf(of('Neighbours by protocol and state'))).toEqual([2 * ROUTERS]);
    },
    { timeout: 30_000, interval: 250 },
  );
});

/** The shipped configuration, looking at this lab and more often. */
function prometheusConfig(): string {
  const controller = /^address: http:\/\/(\S+)$/m.exec(
    readFileSync(join(lab.directory, 'client.yaml'), 'utf8'),
  )?.[1];
  if (controller === undefined) throw new Error('the lab does not say where its controller is');
  return readFileSync(join(GRAFANA_FOLDER, 'prometheus.yml'), 'utf8')
    .replaceAll('127.0.0.1:9340', controller)
    .replace(/scrape_interval: \w+/, 'scrape_interval: 1s')
    .replace(/refresh_interval: \w+/, 'refresh_interval: 1s');
}

function startPrometheus(): ChildProcess {
  return spawn(
    'prometheus',
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: 'ignore', cwd: folder },
  );
}

/** Resolves when it has ended: until then it writes into its folder. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** The sample values of an instant query's answer; fails when Prometheus refuses the query. */
async function valuesOf(query: string): Promise<number[]> {
  const { result } = await ask<{ result: { value: [number, string] }[] }>(
    `query?query=${encodeURIComponent(query)}`,
  );
  return result.map(({ value }) => Number(value[1]));
}

async function ask<T>(path: string): Promise<T> {
  const response = await fetch(`http://${address}/api/v1/${path}`, { signal: AbortSignal.timeout(5_000) });
  const body = (await response.json()) as { status: string; error?: string; data: T };
  if (body.status !== 'success') throw new Error(`${path}: ${body.error}`);
  return body.data;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : 0));
    });
  });
}
