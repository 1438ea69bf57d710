import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockStateFolder } from '../../src/agent/agent-lock.ts';
import { Reservation } from '../../src/agent/reservation.ts';
import { StateFolder } from '../../src/agent/state-folder.ts';

describe("an agent's memory", () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vinet-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('survives the agent', () => {
    const first = new StateFolder(folder);
    first.mark({ namespace: 'ring_r1', overlay: 'ring', name: 'r1', vrf: null });
    first.mark({ namespace: 'ring_r2', overlay: 'ring', name: 'r2', vrf: null });
    first.unmark('ring_r2');
    first.writeDesired({ revision: 7, overlays: [] });
    const second = new StateFolder(folder);
    expect(second.marks()).toEqual([{ namespace: 'ring_r1', overlay: 'ring', name: 'r1', vrf: null }]);
    expect(second.readDesired()).toEqual({ revision: 7, overlays: [] });
  });

  it('still knows an environment whose mark was cut off while written', () => {
    new StateFolder(folder);
    writeFileSync(join(folder, 'environments', 'ring_r1'), '{"namesp');
    expect(new StateFolder(folder).marks()).toEqual([
      { namespace: 'ring_r1', overlay: 'ring', name: 'r1', vrf: null },
    ]);
  });

  it('takes files that are no marks for nothing', () => {
    const state = new StateFolder(folder);
    state.mark({ namespace: 'ring_r1', overlay: 'ring', name: 'r1', vrf: null });
    writeFileSync(join(folder, 'environments', 'ring_r2.new'), '{}');
    writeFileSync(join(folder, 'environments', '..x'), '{}');
    expect(new StateFolder(folder).marks().map(({ namespace }) => namespace)).toEqual(['ring_r1']);
  });

  it('treats an unreadable desired state as none', () => {
    const state = new StateFolder(folder);
    writeFileSync(join(folder, 'desired.json'), 'half a fi');
    expect(state.readDesired()).toBeNull();
  });

  it('reads what a version that knew no VRFs wrote of its environments', () => {
    const state = new StateFolder(folder);
    const overlay = { name: 'ring', environments: [{ namespace: 'ring_r1' }] };
    writeFileSync(join(folder, 'desired.json'), JSON.stringify({ revision: 3, overlays: [overlay] }));
    expect(state.readDesired()?.overlays[0]?.environments).toEqual([{ namespace: 'ring_r1', vrf: null }]);
  });

  it('is for its owner only', () => {
    const state = new StateFolder(join(folder, 'agent'));
    state.mark({ namespace: 'ring_r1', overlay: 'ring', name: 'r1', vrf: null });
    expect(statSync(join(folder, 'agent')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, 'agent', 'environments'))).toEqual(['ring_r1']);
    expect(statSync(join(folder, 'agent', 'environments', 'ring_r1')).mode & 0o777).toBe(0o600);
  });

  it('belongs to one agent at a time', async () => {
    const lock = await lockStateFolder(folder);
    await expect(lockStateFolder(folder)).rejects.toMatchObject({ code: 'already-running' });
    lock.release();
  });
});

describe('a reservation', () => {
  it('is held by one transaction until it is settled or forgotten', () => {
    let now = 0;
    const reservation = new Reservation(() => now);
    expect(reservation.take('a')).toBe(true);
    expect(reservation.take('a')).toBe(true);
    expect(reservation.take('b')).toBe(false);
    reservation.release('b');
    expect(reservation.take('b')).toBe(false);
    reservation.release('a');
    expect(reservation.take('b')).toBe(true);
    now += 60_000;
    expect(reservation.take('c')).toBe(true);
  });
});
