import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { overlayJsonSchema, parseOverlayDocuments } from '../../src/model/overlay-document.ts';
import { formatProblem, type Problem } from '../../src/model/problem.ts';
import { codesOf, unwrap } from '../planner/overlay-builder.ts';

const RING = `apiVersion: vinet/v1
kind: Overlay
metadata: { name: ring }
spec:
  topology: { kind: ring, routers: 10 }
  placement: { nodes: [n1, n2, n3] }
`;

function problemsOf(source: Uint8Array | string): readonly Problem[] {
  const parsed = parseOverlayDocuments(source);
  return parsed.ok ? [] : parsed.problems;
}

const OTHER = RING.replace('name: ring', 'name: other');

/** Problems as people see them. */
function linesOf(source: string): string[] {
  return problemsOf(source).map(formatProblem);
}

describe('an overlay file', () => {
  test('is read from YAML and from JSON', () => {
    const [yaml] = unwrap(parseOverlayDocuments(RING));
    const [json] = unwrap(parseOverlayDocuments(JSON.stringify(yaml?.overlay)));
    expect(yaml?.overlay.spec.topology).toEqual({ kind: 'ring', routers: 10 });
    expect(json?.overlay).toEqual(yaml?.overlay);
  });

  test('may hold several overlays, with or without a byte order mark, and Windows line ends', () => {
    const two = `\ufeff# first\n---\n${RING}---\n${OTHER}---\n`;
    const names = unwrap(parseOverlayDocuments(Buffer.from(two.replaceAll('\n', '\r\n')))).map(
      ({ overlay }) => overlay.metadata.name,
    );
    expect(names).toEqual(['ring', 'other']);
  });

  test('may use anchors and aliases', () => {
    const source = RING.replace('[n1, n2, n3] }', '&nodes [n1, n2] }').replace(
      'routers: 10',
      'routers: 10, links: []',
    );
    expect(codesOf(parseOverlayDocuments(source))).toEqual([]);
    const shared = `${RING.replace('routers: 10', 'routers: &ten 10')}  links: { cost: *ten }\n`;
    expect(unwrap(parseOverlayDocuments(shared))[0]?.overlay.spec.links?.cost).toBe(10);
  });

  test('knows where its values stand, for problems that are found later', () => {
    const [parsed] = unwrap(parseOverlayDocuments(`\n---\n${RING}`));
    expect(parsed?.locate('metadata.name')).toEqual({ line: 5, column: 19 });
    expect(parsed?.locate('spec.placement.nodes[2]')).toEqual({ line: 8, column: 32 });
    expect(parsed?.locate('spec.placement.nodes')).toEqual({ line: 8, column: 16 });
    expect(parsed?.locate('spec.routing.protocol')).toEqual({ line: 6, column: 1 });
    expect(parsed?.locate('no path at all')).toBeNull();
  });

  test('may name a router after something that every object of JavaScript has', () => {
    const source = `apiVersion: vinet/v1
kind: Overlay
metadata: { name: js, labels: { constructor: x } }
spec:
  topology: { kind: custom, routers: [constructor, b], links: [[constructor, b]] }
  placement: { nodes: [n1] }
  routers: { constructor: { node: n1 } }
`;
    expect(linesOf(source)).toEqual([]);
    expect(linesOf(source.replace('  routers: { constructor: { node: n1 } }\n', ''))).toEqual([]);
  });
});

describe('every problem of a file', () => {
  test('is said at once, in reading order, with its line and what would be right', () => {
    const source = `apiVersion: vinet/v2
kind: Overlay
metadata:
  name: Ring_1
  labels: { "bad key": x }
spec:
  topology:
    kind: rng
    router: 10
    links:
      - [a]
      - { betwen: [a, b] }
      - 5
  placement: { nodes: [] }
  routers: { "../x": {}, a: { nod: n1 } }
  addressing: { network: 5 }
  links: { cost: 0, emulate: { delay: 20 } }
  routing:
`;
    expect(linesOf(source)).toEqual([
      'line 1: apiVersion: "vinet/v2" is not possible here (must be vinet/v1)',
      'line 4: metadata.name: "Ring_1" is not possible here (must be a lower-case letter, then letters, digits or "-"; at most 24)',
      'line 5: metadata.labels["bad key"]: "bad key" is not possible as a name (must be of the form ^[a-z][a-z0-9._-]{0,62}$)',
      'line 8: spec.topology.kind: "rng" is not possible here (must be one of line, ring, star, bus, mesh, tree, grid, custom; did you mean ring?)',
      'line 9: spec.topology.router: is not a known field (did you mean routers?)',
      'line 11: spec.topology.links[0]: has 1 of the entries that it needs (at least 2)',
      expect.stringMatching(/^line 12: spec\.topology\.links\[1\]\.between: is required/),
      'line 12: spec.topology.links[1].betwen: is not a known field (did you mean between?)',
      expect.stringMatching(/^line 13: spec\.topology\.links\[2\]: 5 is not possible here/),
      'line 14: spec.placement.nodes: is empty (at least 1)',
      expect.stringMatching(/^line 15: spec\.routers\["\.\.\/x"\]: "\.\.\/x" is not possible as a name/),
      'line 15: spec.routers.a.nod: is not a known field (did you mean node?)',
      'line 16: spec.addressing.network: 5 is not possible here (must be an IPv4 or IPv6 prefix, such as 10.20.0.0/16, or a list of such)',
      'line 17: spec.links.cost: 0 is out of range (must be an OSPF cost from 1 to 65535)',
      'line 17: spec.links.emulate.delay: 20 is not possible here (must be a duration with its unit, such as 20ms)',
      'line 18: spec.routing: has no value (must be a map, such as { protocol: ospf })',
    ]);
  });

  test('counts those that the schema cannot see beside those that it can', () => {
    const source = `${RING.replace('[n1, n2, n3]', '[n1, n1]')}  addressing: { network: 10.0.0.1/8 }\n  colour: red\n`;
    expect(problemsOf(source).map(({ code, line }) => ({ code, line }))).toEqual([
      { code: 'duplicate-node', line: 6 },
      { code: 'host-bits', line: 7 },
      { code: 'unknown-field', line: 8 },
    ]);
  });

  test('draws no conclusions from a section that lost a value', () => {
    const source = RING.replace('routers: 10', 'routers: ten');
    expect(problemsOf(source).map(({ code, path }) => ({ code, path }))).toEqual([
      { code: 'wrong-type', path: 'spec.topology.routers' },
    ]);
  });

  test('names every document in which there is one', () => {
    const source = `${RING.replace('ring, routers: 10', 'ring, routers: 2')}---\n${OTHER}  colour: red\n---\n${RING.replace('name: ring', 'name: third')}`;
    expect(problemsOf(source).map(({ code, line }) => ({ code, line }))).toEqual([
      { code: 'too-few', line: 5 },
      { code: 'unknown-field', line: 14 },
    ]);
    expect(problemsOf(`${RING}---\n${RING}`)).toMatchObject([
      { code: 'duplicate-overlay', line: 10, column: 19 },
    ]);
  });

  test('bears the line and column where it was written, wherever that is', () => {
    fc.assert(
      fc.property(fc.nat({ max: 30 }), fc.integer({ min: 3, max: 12 }), (blankLines, indent) => {
        const pad = ' '.repeat(indent);
        const source = `${'# nothing\n'.repeat(blankLines)}${RING}  routers:\n${pad}r1:\n${pad}  colour: red\n`;
        expect(problemsOf(source)).toMatchObject([
          { path: 'spec.routers.r1.colour', line: blankLines + 9, column: indent + 3 },
        ]);
      }),
    );
  });

  test('cannot rewrite the terminal that shows it', () => {
    const texts = problemsOf(`"\\e[2J\\n": "\\e[31m"\nkind: "\\u202e"\nbad: !<tag:\u0085> x`).map(
      formatProblem,
    );
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe('a file that cannot be read', () => {
  test('names the byte that is no UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('a: \ufffd'), Buffer.from([0xc3, 0x28])]);
    expect(problemsOf(bytes)).toEqual([
      {
        code: 'invalid-utf8',
        path: '',
        message: 'the file is not valid UTF-8: byte 6 does not belong there',
      },
    ]);
    expect(problemsOf(Buffer.from([0xff, 0xfe, 0x61, 0x00]))).toMatchObject([{ code: 'invalid-utf8' }]);
  });

  test('is refused by its size alone', () => {
    expect(codesOf(parseOverlayDocuments(Buffer.alloc(9 * 1024 * 1024, 0xff)))).toEqual(['too-large']);
    expect(codesOf(parseOverlayDocuments('# ää', { maxBytes: 5 }))).toEqual(['too-large']);
  });

  test.each([
    ['a: [1,\nb: c }\n', 2],
    ['a: "open\n', 2],
    ['a: 1\nb: 2\na: 3\n', 3],
    ['a: *missing\n', 1],
    ['a: !!binary aGVsbG8=\n', 1],
    ['a: 1\n? [x]\n: y\n', 2],
    ['\ta: b\n', 1],
  ])('tells the line of the syntax error in %j', (source, line) => {
    const found = problemsOf(source).find(({ code }) => /^(?:invalid-yaml|duplicate-key)$/.test(code));
    expect(found).toMatchObject({ line });
  });

  test('says so when it is empty', () => {
    for (const source of ['', '# nothing\n', '---\n---\n', 'null\n']) {
      expect(codesOf(parseOverlayDocuments(source))).toEqual(['empty']);
    }
  });

  test.each([
    ['lists in lists', '['.repeat(100_000)],
    ['maps in maps', '{a: '.repeat(100_000)],
    ['indented lists in lists', '- '.repeat(100_000)],
    ['keys of keys', '? '.repeat(100_000)],
    ['thousands of documents', '---\na: b\n'.repeat(5000)],
    ['an old version of YAML', '%YAML 1.1\n---\nkind: yes\n'],
  ])('is refused early: %s', (_, source) => {
    expect(codesOf(parseOverlayDocuments(source))).toEqual(['invalid-yaml']);
  });

  test('cannot grow by its aliases', () => {
    const levels = 'abcdefghi'
      .split('')
      .map(
        (name, index, all) =>
          `${name}: &${name} [${Array(10).fill(index === 0 ? 'x' : `*${all[index - 1]}`)}]`,
      );
    expect(codesOf(parseOverlayDocuments(levels.join('\n')))).toEqual(['invalid-yaml']);
  });

  test('never throws, whatever it holds', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void parseOverlayDocuments(bytes)));
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => void parseOverlayDocuments(text)),
    );
    const piece = fc.constantFrom(
      ...'[]{}:,-?&*!|>\'"%@#\n\t ab1',
      '---\n',
      '- ',
      ': ',
      '&a ',
      '*a ',
      '<<: ',
      '__proto__',
    );
    fc.assert(fc.property(fc.array(piece), (pieces) => void parseOverlayDocuments(pieces.join(''))));
  });

  test('never throws when a good one was damaged', () => {
    const edit = fc.record({
      at: fc.nat({ max: RING.length }),
      drop: fc.nat({ max: 8 }),
      add: fc.oneof(
        fc.string({ maxLength: 5 }),
        fc.constantFrom('[', '}', '\n', ': ', '&a ', '*a', '- ', '0x1', '1e9', 'null'),
      ),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const damaged = edits.reduce(
          (text, { at, drop, add }) => text.slice(0, at) + add + text.slice(at + drop),
          RING,
        );
        for (const problem of problemsOf(damaged)) expect(problem.message).not.toMatch(/anyOf|schema/);
      }),
      { numRuns: 200 },
    );
  });

  test('never throws when a value of a good one is something else', () => {
    const source = `${RING}  addressing: { network: 10.0.0.0/16 }\n  links: { cost: 4 }\n  routers: { r1: { node: n1 } }\n`;
    const [parsed] = unwrap(parseOverlayDocuments(source));
    const paths = leavesOf(parsed?.overlay);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        const copy: unknown = structuredClone(parsed?.overlay);
        replaceAt(copy, path, value);
        for (const problem of problemsOf(JSON.stringify(copy))) expect(problem.line).toBe(1);
      }),
    );
  });
});

test('the JSON Schema for editors is plain JSON, and a copy of its own', () => {
  const schema = overlayJsonSchema();
  expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  expect(schema).toMatchObject({ type: 'object', required: ['apiVersion', 'kind', 'metadata', 'spec'] });
});

function leavesOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return [
    [...path],
    ...Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...path, key])),
  ].filter((one) => one.length > 0);
}

function replaceAt(value: unknown, [key = '', ...rest]: readonly string[], replacement: unknown): void {
  const record = value as Record<string, unknown>;
  if (rest.length === 0) record[key] = replacement;
  else replaceAt(record[key], rest, replacement);
}
