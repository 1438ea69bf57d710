import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { FakeAgent } from './fake-agent.ts';
import { eventually, Harness } from './harness.ts';

vi.setConfig({ testTimeout: 30_000 });

let harness: Harness;
let n1: FakeAgent;
beforeEach(async () => {
  harness = new Harness();
  await harness.start();
  n1 = await harness.join('n1');
  await harness.join('n2');
});
afterEach(() => harness.end());

function overlay(name: string, network: string, host: string): string {
  return `apiVersion: vinet/v1
kind: Overlay
metadata: { name: ${name} }
spec:
  topology: { kind: ring, routers: 3 }
  placement: { nodes: [n1, n2] }
  addressing: { network: ${network} }
  hosts: [{ name: h, ${host} }]
`;
}

const red = overlay('red', '10.1.0.0/16', 'attach: r1, overlays: [blue]');
const blue = overlay('blue', '10.2.0.0/16', 'attach: r2, home: red');

function interfacesOfInternalRouter(): string[] | undefined {
  const home = n1.desired.overlays.find(({ name }) => name === 'red');
  return home?.environments.find(({ name }) => name === 'h-gw')?.links.map(({ name }) => name);
}

/** A busy machine may keep an agent from answering in time, and then nothing has changed. */
async function applied(file: string) {
  return await eventually(async () => {
    const { status, body } = await harness.apply(file);
    expect(status).toBe(200);
    return body;
  });
}

it('gives the home of a host its interface in another overlay, asks its node, and says so', async () => {
  expect((await harness.apply(blue)).body.error.problems).toMatchObject([
    { code: 'unknown-overlay', path: 'spec.hosts[0].home', line: 8 },
  ]);
  await applied(red);
  await harness.overlay('red', { phase: 'ready' });
  expect(interfacesOfInternalRouter()).toEqual(['r1', 'h']);
  expect((await applied(blue)).results.map(outcomeOf)).toEqual(['blue created', 'red changed']);
  await eventually(() => expect(interfacesOfInternalRouter()).toEqual(['r1', 'h', 'r2.blue']));
  expect((await applied(`${red}---\n${blue}`)).results.map(outcomeOf)).toEqual([
    'red unchanged',
    'blue unchanged',
  ]);
  const { body: hosts } = await harness.get('/v1/overlays/blue/hosts');
  expect(hosts.hosts).toMatchObject([{ name: 'h', home: 'red', namespace: 'red_h', phase: 'ready' }]);
});

it('does not let a home change so that another overlay would have a host that is not there', async () => {
  await applied(`${red}---\n${blue}`);
  const { status, body } = await harness.apply(red.replace('overlays: [blue]', 'overlays: [green]'));
  expect(status).toBe(422);
  expect(body.error.problems).toMatchObject([{ code: 'host-not-shared' }]);
  expect(body.error.problems[0].message).toContain('does not share its host h with blue');
  const clash = await harness.apply(red.replace('10.1.0.0', '10.2.0.0'));
  expect(clash.body.error.problems).toMatchObject([{ code: 'overlapping-ranges' }]);
});

it('keeps a home for as long as others have hosts of it', async () => {
  await applied(`${red}---\n${blue}`);
  await harness.overlay('blue', { phase: 'ready' });
  const refused = await harness.send('DELETE', '/v1/overlays/red');
  expect(refused.status).toBe(409);
  expect(refused.body.error.message).toBe(
    'blue has hosts of overlay red: delete it first, or all with --cascade',
  );
  expect((await harness.send('DELETE', '/v1/overlays/blue')).status).toBe(202);
  await eventually(() => expect(interfacesOfInternalRouter()).toEqual(['r1', 'h']));
  await eventually(async () => expect((await harness.get('/v1/overlays/blue')).status).toBe(404));
  await applied(blue);
  await harness.overlay('blue', { phase: 'ready' });
  expect((await harness.send('DELETE', '/v1/overlays/red?cascade=true')).status).toBe(202);
  await eventually(async () => expect((await harness.get('/v1/overlays')).body.overlays).toEqual([]));
});

function outcomeOf({ overlay: name, outcome }: { overlay: string; outcome: string }): string {
  return `${name} ${outcome}`;
}
