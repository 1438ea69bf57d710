import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import type { Round } from '../../../src/agent/reconciler/reconciler.ts';
import { MtuWatch } from '../../../src/agent/telemetry/mtu-watch.ts';
import type { LinkState } from '../../../src/model/node-state.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const tunnel: LinkState = {
  ...{ kind: 'tunnel', name: 'r2', link: 'r1-r2', mtu: 1450, addresses: ['10.0.0.0/31'] },
  ...{ master: null, enabled: true, emulation: null, transport: null, protections: [] },
  tunnel: {
    kind: 'vxlan',
    vni: 1,
    port: 4789,
    local: '192.0.2.1',
    remotes: ['192.0.2.2'],
    learning: false,
  },
};

/** A round in which router r1 stands with this link, whose device has the given index. */
function roundOf(link: LinkState, index: number, changes: Round['changes'] = []): Round {
  const environment = { name: 'r1', namespace: 'a_r1', links: [link] };
  return {
    desired: { revision: 1, overlays: [{ name: 'a', environments: [environment] }] },
    observed: { environments: [{ namespace: 'a_r1', links: [{ name: link.name, index }] }], transports: [] },
    changes,
  } as unknown as Round;
}

/** A watch over a path that carries packets of at most `largest` bytes; 0 for one that carries none. */
function openWatch(path: { largest: number }) {
  const probes: string[] = [];
  const changed: string[] = [];
  const watch = new MtuWatch({
    find: () => ({}) as Namespace,
    probe: (_namespace, address, bytes) => {
      probes.push(`${address} ${bytes}`);
      return Promise.resolve(bytes <= path.largest);
    },
    onChange: (namespace) => changed.push(namespace),
  });
  return { watch, probes, changed };
}

describe('the largest packet of a tunnel', () => {
  it('is sent to the far end once the node is quiet, and once only', async () => {
    const { watch, probes } = openWatch({ largest: 1500 });
    watch.follow(roundOf(tunnel, 7));
    expect(probes).toEqual([]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(probes).toEqual(['10.0.0.1 1450']);
    watch.follow(roundOf(tunnel, 7));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(probes).toHaveLength(1);
    expect(watch.complaintOf('a_r1')).toBe('');
  });

  it('is missed when only small ones come through', async () => {
    const { watch, changed } = openWatch({ largest: 1400 });
    watch.follow(roundOf(tunnel, 7));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(watch.complaintOf('a_r1')).toBe('packets of 1450 bytes do not pass link r1-r2');
    expect(changed).toEqual(['a_r1']);
  });

  it('is sent again through another device or with another MTU', async () => {
    const path = { largest: 1400 };
    const { watch, probes } = openWatch(path);
    watch.follow(roundOf(tunnel, 7));
    await vi.advanceTimersByTimeAsync(3_000);
    watch.follow(roundOf({ ...tunnel, mtu: 1350 }, 7));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(watch.complaintOf('a_r1')).toBe('');
    watch.follow(roundOf({ ...tunnel, mtu: 1350 }, 8));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(probes.filter((probe) => probe.endsWith(' 1350'))).toHaveLength(2);
  });

  it('says nothing while the far end is silent, asks a few times and then leaves it', async () => {
    const { watch, probes, changed } = openWatch({ largest: 0 });
    watch.follow(roundOf(tunnel, 7));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(probes).toHaveLength(10);
    expect(changed).toEqual([]);
    expect(watch.complaintOf('a_r1')).toBe('');
  });

  it('is not sent where the link is cut, has no far end, or is being changed', async () => {
    const { watch, probes } = openWatch({ largest: 1500 });
    watch.follow(roundOf({ ...tunnel, enabled: false }, 7));
    watch.follow(roundOf({ ...tunnel, addresses: ['10.0.0.1/24'] }, 7));
    watch.follow(roundOf(tunnel, 7, [{ kind: 'set-link-up', namespace: 'a_r1', name: 'r2' }]));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(probes).toEqual([]);
  });
});
