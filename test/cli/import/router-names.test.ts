import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nameRouters } from '../../../src/cli/import/router-names.ts';
import { MEMBER_NAME, RESERVED_MEMBER_NAMES } from '../../../src/model/names.ts';

const named = (...labels: string[]) =>
  nameRouters(labels.map((label, id) => ({ label, id: `${id}`, room: 15 })));

describe("a router's name", () => {
  test.each([
    ['New York', 'new-york'],
    ['São Paulo / Brasília', 'sao-paulo-brasi'],
    ['Łódź', 'lodz'],
    ['Straße', 'strasse'],
    ['Ærøskøbing', 'aeroskobing'],
    ['10 Gbit', 'r10-gbit'],
    ['  (Dublin)  ', 'dublin'],
    ['San Diego Supercomputer Center', 'san-diego-super'],
    ['Kirchheimbolan den', 'kirchheimbolan'],
    ['Αθήνα', 'r0'],
    ['!?', 'r0'],
    ['lo', 'r-lo'],
    ['VXLAN0', 'r-vxlan0'],
  ])('made of %j is %s', (label, name) => {
    expect(named(label)).toEqual([name]);
  });

  test('that several would have is given to the first; the others are numbered around those that are taken', () => {
    expect(named('Paris', 'Paris', 'Paris 2', 'paris')).toEqual(['paris', 'paris-3', 'paris-2', 'paris-4']);
    const many = named(...Array.from({ length: 101 }, () => 'San Diego Supercomputer'));
    expect(many[1]).toBe('san-diego-sup-2');
    expect(many[9]).toBe('san-diego-su-10');
    expect(many[100]).toBe('san-diego-s-101');
  });

  test('comes from the id where there is no label, from the order where there is neither', () => {
    const routers = ['n7', 'Ω', '4'].map((id) => ({ label: '', id, room: 15 }));
    expect(nameRouters(routers)).toEqual(['n7', 'r2', 'r4']);
  });

  test('is valid, unlike every other and no longer than there is room, whatever the labels', () => {
    const label = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('Paris', 'Paris-2', 'lo', 'br0', '', 'a-very-long-name', 'a-very-long-nam-2', '-'),
    );
    const router = fc.record({ label, id: label, room: fc.integer({ min: 9, max: 15 }) });
    fc.assert(
      fc.property(fc.array(router, { maxLength: 200 }), (routers) => {
        const names = nameRouters(routers);
        expect(new Set(names).size).toBe(routers.length);
        for (const [index, name] of names.entries()) {
          expect(name).toMatch(new RegExp(MEMBER_NAME));
          expect(RESERVED_MEMBER_NAMES).not.toContain(name);
          expect(name.length).toBeLessThanOrEqual(routers[index]?.room ?? 0);
        }
      }),
    );
  });

  test('is found for tens of thousands of equal labels as fast as for different ones', () => {
    const names = named(...Array.from({ length: 65_536 }, (_, index) => `a-very-long-name-${index % 2}`));
    expect(new Set(names).size).toBe(65_536);
  });
});
