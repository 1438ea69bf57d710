import { describe, expect, it } from 'vitest';
import { editLink } from '../../src/model/link-edit.ts';
import type { LinkEdit } from '../../src/model/overlay.ts';
import type { Spec } from '../../src/model/topology.ts';
import { buildOverlay, unwrap } from '../planner/overlay-builder.ts';

const RING: Spec['topology'] = { kind: 'ring', routers: 3 };

describe('editing a link of a ring', () => {
  it('adds what it says, whichever end comes first, and takes it away again', () => {
    const cut = edit(RING, 'r3-r1', { down: true });
    expect(cut.links).toEqual([{ between: ['r3', 'r1'], down: true }]);
    expect(edit(cut, 'r3-r1', { down: false })).toEqual(RING);
    const other = edit({ ...RING, links: [{ between: ['r1', 'r3'], cost: 5 }] }, 'r3-r1', { down: true });
    expect(other.links).toEqual([{ between: ['r1', 'r3'], cost: 5, down: true }]);
  });

  it('changes of an emulation what is said, and leaves the rest', () => {
    const slow = edit(RING, 'r1-r2', { emulate: { delay: '20ms', loss: '1%' } });
    const slower = edit(slow, 'r1-r2', { emulate: { delay: '30ms' } });
    expect(slower.links).toEqual([{ between: ['r1', 'r2'], emulate: { delay: '30ms', loss: '1%' } }]);
    expect(edit(slower, 'r1-r2', { emulate: null })).toEqual(RING);
  });

  it('tells directions apart', () => {
    const both = edit(RING, 'r1-r2', { emulate: { delay: '20ms' } });
    const one = edit(both, 'r1-r2', { emulate: { loss: '5%' }, from: 'r1' });
    const emulate = { delay: '20ms', from: { r1: { loss: '5%' } } };
    expect(one.links).toEqual([{ between: ['r1', 'r2'], emulate }]);
    expect(edit(one, 'r1-r2', { emulate: null, from: 'r1' })).toEqual(both);
  });

  it('begins with what holds for all links, and can end it for one', () => {
    const links = { emulate: { delay: '20ms' } } as const;
    const lossy = edit(RING, 'r1-r2', { emulate: { loss: '1%' } }, { links });
    expect(lossy.links).toEqual([{ between: ['r1', 'r2'], emulate: { delay: '20ms', loss: '1%' } }]);
    const clear = edit(RING, 'r1-r2', { emulate: null }, { links });
    expect(clear.links).toEqual([{ between: ['r1', 'r2'], emulate: {} }]);
  });

  it('knows no other links', () => {
    for (const name of ['r1-r9', 'r2-r1', '', '__proto__']) {
      const result = editLink(buildOverlay(RING), name, { down: true });
      expect(result).toMatchObject({ ok: false, problems: [{ code: 'unknown-link' }] });
    }
    const bus = editLink(buildOverlay({ kind: 'bus', routers: 3 }), 'lan1', { down: true });
    expect(bus).toMatchObject({ ok: false, problems: [{ hint: expect.stringContaining('spec.links') }] });
  });
});

describe('editing a link of a custom topology', () => {
  const CUSTOM: Spec['topology'] = {
    kind: 'custom',
    routers: ['a', 'b', 'c'],
    links: [
      ['a', 'b'],
      ['a', 'b', 'c'],
      { between: ['b', 'a'], cost: 5 },
      { between: ['b', 'c'], name: 'long' },
    ],
  };

  it.each([
    ['a-b', 0],
    ['lan1', 1],
    ['b-a', 2],
    ['long', 3],
  ])('finds %s among parallel, named and shared ones', (name, index) => {
    const cut = edit(CUSTOM, name, { down: true });
    const places = cut.links?.flatMap((link, at) => (!Array.isArray(link) && link.down ? [at] : []));
    expect(places).toEqual([index]);
    expect(edit(cut, name, { down: false })).toEqual(CUSTOM);
  });
});

function edit(topology: Spec['topology'], name: string, change: LinkEdit, rest: Partial<Spec> = {}) {
  return unwrap(editLink(buildOverlay(topology, rest), name, change)).spec.topology;
}
