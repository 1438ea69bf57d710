import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTemplates } from '../../../src/agent/frr/templates.ts';
import type { RoutingState } from '../../../src/model/routing-state.ts';
import { VinetError } from '../../../src/model/vinet-error.ts';
import { buildOspf, inArea, pointToPoint } from '../../model/routing-builder.ts';
import { EXAMPLES } from './example-routing.ts';

const OURS = fileURLToPath(new URL('../../../frr/templates', import.meta.url));
const GOLDEN = fileURLToPath(new URL('golden', import.meta.url));

describe.each(Object.entries(EXAMPLES))('the router %s', (name, routing) => {
  test('is configured as its golden files say', async () => {
    const configs = openTemplates([OURS]).render(routing);
    expect([...configs.keys()]).toEqual(routing.daemons);
    for (const [daemon, text] of configs) {
      await expect(text).toMatchFileSnapshot(join(GOLDEN, `${name}-${daemon}.conf`));
    }
  });
});

test('every golden file belongs to an example', () => {
  const wanted = Object.entries(EXAMPLES).flatMap(([name, { daemons }]) =>
    daemons.map((daemon) => `${name}-${daemon}.conf`),
  );
  expect(readdirSync(GOLDEN).sort()).toEqual(wanted.sort());
});

test('no value brings configuration of its own along', () => {
  const templates = openTemplates([OURS]);
  const poisons = ['r1\n', 'r1\rx', 'r1!', 'r1 x', 'r1\0', '{{x}}', 'r1#', '\u2028', 'r1;', '"', 'é'];
  for (const poison of poisons) {
    for (const poisoned of poisonEachText(example('ospf-ring'), poison)) {
      expect(() => templates.render(poisoned)).toThrow(expect.objectContaining({ code: 'unsafe-value' }));
    }
  }
});

test('whatever a name holds, there are only the lines of the template', () => {
  const templates = openTemplates([OURS]);
  const usual = templates.render(example('ospf-ring')).get('zebra') ?? '';
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (hostname) => {
      try {
        const zebra = templates.render({ ...example('ospf-ring'), hostname }).get('zebra') ?? '';
        expect(zebra.split('\n').length).toBe(usual.split('\n').length);
      } catch (error) {
        if (!(error instanceof VinetError)) throw error;
        expect(error.code).toBe('unsafe-value');
      }
    }),
  );
});

describe("an operator's own folder", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vinet-templates-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('replaces one template and leaves the others', () => {
    writeFileSync(join(folder, 'zebra.conf.liquid'), 'hostname my-{{ hostname }}\n');
    const configs = openTemplates([folder, OURS]).render(example('ospf-ring'));
    expect(configs.get('zebra')).toBe('hostname my-r1\n');
    expect(configs.get('ospfd')).toContain('router ospf');
  });

  test('with a template that cannot be read is refused by name and line', () => {
    writeFileSync(join(folder, 'ospfd.conf.liquid'), 'hostname a\n{% if %}\n');
    expect(() => openTemplates([folder, OURS])).toThrow(/ospfd.*line:2/);
  });

  test('with a variable that does not exist is refused when it is used', () => {
    writeFileSync(join(folder, 'zebra.conf.liquid'), 'hostname {{ hostnam }}\n');
    expect(() => openTemplates([folder, OURS]).render(example('static'))).toThrow(/zebra of r3.*hostnam/);
  });

  test('that is not there changes nothing', () => {
    mkdirSync(join(folder, 'empty'));
    const folders = [join(folder, 'missing'), join(folder, 'empty'), OURS];
    expect(openTemplates(folders).render(example('static'))).toEqual(
      openTemplates([OURS]).render(example('static')),
    );
  });
});

function example(name: string): RoutingState {
  const found = EXAMPLES[name];
  if (found === undefined) throw new Error(`no example ${name}`);
  return found;
}

/** The router once for each text in it, with the poison in that place. */
function poisonEachText(routing: RoutingState, poison: string): RoutingState[] {
  const { hostname, routerId } = routing;
  const ospf = (area: string, name: string) => buildOspf(inArea(area, pointToPoint(name)));
  const route = { prefix: '10.0.0.0/8', via: '10.0.0.1', interface: 'r2', distance: 0 };
  return [
    { ...routing, hostname: hostname + poison },
    { ...routing, routerId: routerId + poison },
    { ...routing, ospf: ospf('0.0.0.0', `r2${poison}`) },
    { ...routing, ospf: ospf(poison, 'r2') },
    { ...routing, routes: [{ ...route, prefix: `10.0.0.0/8${poison}` }] },
    { ...routing, routes: [{ ...route, via: poison }] },
    { ...routing, routes: [{ ...route, interface: poison }] },
  ];
}
