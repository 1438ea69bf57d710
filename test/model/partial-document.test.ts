import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseOverlayDocuments } from '../../src/model/overlay-document.ts';
import { takeFittingParts } from '../../src/model/partial-document.ts';
import { explainMismatch, type JsonSchema } from '../../src/model/schema-problems.ts';

const LIST: JsonSchema = { type: 'array', items: { type: 'string', pattern: '^[a-z]+$' }, minItems: 2 };
const LINK: JsonSchema = {
  type: 'object',
  required: ['ends'],
  properties: { ends: LIST, cost: { type: 'integer', minimum: 1 } },
};
const SCHEMA: JsonSchema = {
  type: 'object',
  required: ['kind', 'body'],
  properties: {
    kind: { enum: ['net'] },
    body: {
      type: 'object',
      required: ['links', 'mode'],
      properties: { links: { type: 'array', items: LINK }, mode: { enum: ['fast', 'slow'] }, names: LIST },
    },
  },
};

describe('what is left of a document', () => {
  test('lacks no more than what does not fit', () => {
    const data = {
      kind: 'nut',
      colour: 'red',
      body: {
        links: [{ ends: ['a', 'b'], cost: 0 }, { ends: ['a', 'B'] }, { ends: ['B', 'c', 'd'], weight: 1 }],
        mode: ['fast'],
        names: 'a',
      },
    };
    expect(takeFittingParts(SCHEMA, data).value).toEqual({
      body: { links: [{ ends: ['a', 'b'] }, { ends: ['c', 'd'] }] },
    });
  });

  test('is nothing where the document is something else', () => {
    for (const data of [null, 5, 'text', []]) expect(takeFittingParts(SCHEMA, data).value).toBeUndefined();
  });

  test('remembers where it stood', () => {
    const links = [5, { ends: ['a', 'B'] }, { ends: ['B', 'c', 'd'] }];
    const { originOf } = takeFittingParts(SCHEMA, { body: { links } });
    expect(originOf(['body', 'links', 0, 'ends', 1])).toEqual(['body', 'links', 2, 'ends', 2]);
    expect(originOf(['body', 'mode'])).toEqual(['body', 'mode']);
  });

  test('is damaged at, above and below what was left out, and not by fields that nobody knows', () => {
    const { isDamaged } = takeFittingParts(SCHEMA, {
      colour: 'red',
      body: { links: [{ ends: ['a', 'b'], cost: 0 }], names: 5, mode: 'fast' },
    });
    const damaged = [['body'], ['body', 'links'], ['body', 'links', 0, 'cost'], ['body', 'names', 3]];
    for (const path of damaged) expect(isDamaged(path)).toBe(true);
    for (const path of [['colour'], ['kind'], ['body', 'mode'], ['body', 'links', 1]]) {
      expect(isDamaged(path)).toBe(false);
    }
  });

  test('fits, but for what its first two levels must have, whatever the document holds', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('a', 'b', 'B', 'net', 'fast', 0, 1, null),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('kind', 'body', 'links', 'mode', 'names', 'ends', 'cost'), tie('any')),
      ),
    })).any;
    fc.assert(
      fc.property(
        fc.record({ body: fc.record({ links: fc.array(value), names: value, mode: value }) }),
        (data) => {
          const part = takeFittingParts(SCHEMA, data).value;
          const misfits = explainMismatch(SCHEMA, part).filter(
            ({ problem }) => problem.code !== 'missing-field',
          );
          expect(misfits).toEqual([]);
          expect(takeFittingParts(SCHEMA, part).value).toEqual(part);
        },
      ),
    );
  });
});

describe('a file that the schema refuses', () => {
  test('is checked in all that it says beside', () => {
    const source = `apiVersion: vinet/v1
kind: Overlay
metadata: { name: Ring! }
spec:
  topology: { kind: ring, routers: 3, colour: red }
  placement: { nodes: [n1] }
  addressing: { network: 10.20.0.1/16 }
  routing: { isolation: vrf }
`;
    expect(found(source)).toEqual([
      'wrong-value 3:19 metadata.name',
      'unknown-field 5:39 spec.topology.colour',
      'host-bits 7:26 spec.addressing.network',
      'not-in-vrf 8:25 spec.routing.isolation',
    ]);
  });

  test('is checked without a section that has to be there', () => {
    expect(
      found('kind: Overlay\nspec:\n  routing: { isolation: vrf }\n  topology: { kind: rung }\n'),
    ).toEqual([
      'missing-field 1:1 apiVersion',
      'missing-field 1:1 metadata',
      'missing-field 2:1 spec.placement',
      'not-in-vrf 3:25 spec.routing.isolation',
      'wrong-value 4:21 spec.topology.kind',
    ]);
  });

  test('points at the right entries of lists in which others are no good', () => {
    expect(
      found(
        custom(`    routers: ["../x", a, b, a, c]
    links:
      - ["../x", a]
      - [a, b]
      - { between: [a, zz], cost: 0 }
      - [b, b]
`),
      ),
    ).toEqual([
      'wrong-value 7:15 spec.topology.routers[0]',
      'duplicate-name 7:29 spec.topology.routers[3]',
      'wrong-value 9:10 spec.topology.links[0][0]',
      'unknown-router 11:24 spec.topology.links[2].between[1]',
      'wrong-value 11:35 spec.topology.links[2].cost',
      'link-to-itself 12:13 spec.topology.links[3][1]',
    ]);
  });

  test('is not blamed for what only seems to be said', () => {
    const withoutLink = custom('    routers: [a, b, c]\n    links: [[a, b], [b, C]]\n');
    expect(found(withoutLink)).toEqual(['wrong-value 8:25 spec.topology.links[1][1]']);
    const head = 'apiVersion: vinet/v1\nkind: Overlay\nmetadata: { name: net }\nspec:\n';
    const rest = '  topology: { kind: line, routers: 60000 }\n  placement: { nodes: [n1] }\n';
    expect(
      found(`${head}${rest}  routing: { protocol: ospff }\n  addressing: { network: "fd00::/48" }\n`),
    ).toEqual(['wrong-value 7:24 spec.routing.protocol']);
    expect(found(`${head}${rest}  addressing: { network: [5], link: 10.1.0.0/16 }\n`)).toEqual([
      'wrong-type 7:27 spec.addressing.network[0]',
    ]);
  });

  test('still has a name that another document may not have', () => {
    const bad = custom('    routers: [A]\n');
    expect(found(`${bad}---\n${bad}`)).toEqual([
      'wrong-value 7:15 spec.topology.routers[0]',
      'duplicate-overlay 12:19 metadata.name',
      'wrong-value 16:15 spec.topology.routers[0]',
    ]);
  });

  test.each([
    '../../etc',
    'a/b',
    'a b',
    'a\nb',
    'a\n',
    'a\u0000',
    'a;reboot',
    'ä',
    'a\u202eb',
    '-a',
    'a'.repeat(25),
    '',
  ])('says that %j is no name, wherever one may stand', (name) => {
    const text = JSON.stringify(name);
    const source = `apiVersion: vinet/v1
kind: Overlay
metadata: { name: ${text}, labels: { owner: ${text} } }
spec:
  topology: { kind: custom, routers: [${text}, b], links: [[b, ${text}], { name: ${text}, between: [b, c] }] }
  placement: { nodes: [${text}] }
  routers: { ${text}: { node: ${text} } }
  hosts: [{ name: ${text}, attach: ${text} }]
`;
    const paths = found(source).flatMap((line) => /^wrong-(?:value|name) \S+ (.*)$/.exec(line)?.[1] ?? []);
    for (const path of ['metadata.name', 'routers[0]', 'links[0][1]', 'links[1].name', 'hosts[0].attach']) {
      expect(paths.some((other) => other.endsWith(path))).toBe(true);
    }
    expect(paths.some((path) => path.startsWith('spec.routers'))).toBe(true);
  });
});

function custom(topology: string): string {
  return `apiVersion: vinet/v1
kind: Overlay
metadata: { name: net }
spec:
  topology:
    kind: custom
${topology}  placement: { nodes: [n1] }
`;
}

function found(source: string): string[] {
  const parsed = parseOverlayDocuments(source);
  return parsed.ok
    ? []
    : parsed.problems.map(({ code, line, column, path }) => `${code} ${line}:${column} ${path}`);
}
