import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJsonAnswer } from '../../../src/agent/frr/json-answer.ts';

test('an answer is its JSON', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 20 }), (text) => {
      expect(parseJsonAnswer(text)).toEqual(JSON.parse(text));
    }),
  );
});

test('no answer is null', () => {
  expect(parseJsonAnswer(' \r\n')).toBeNull();
});

test('brackets inside of texts do not count as depth', () => {
  expect(parseJsonAnswer(JSON.stringify({ a: `\\"${'['.repeat(1000)}` }))).toEqual({
    a: `\\"${'['.repeat(1000)}`,
  });
});

test('what nests without end is refused', () => {
  const depth = 1_000_000;
  expect(() => parseJsonAnswer('['.repeat(depth) + ']'.repeat(depth))).toThrow('nests deeper');
});

test('a text that is no JSON is refused with its beginning', () => {
  expect(() => parseJsonAnswer('% OSPF is not enabled')).toThrow('% OSPF is not enabled');
});
