import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPath, parsePath, quote } from '../../src/model/document-path.ts';

describe('a path', () => {
  test('reads like a person writes it', () => {
    expect(formatPath(['spec', 'topology', 'links', 2, 'cost'])).toBe('spec.topology.links[2].cost');
    expect(formatPath([])).toBe('');
  });

  test('quotes keys that are no plain words', () => {
    expect(formatPath(['spec', 'routers', '../x', 'a.b'])).toBe('spec.routers["../x"]["a.b"]');
  });

  test('is read back from what it is written as', () => {
    const key = fc
      .string({ maxLength: 20 })
      .filter((text) => !/^\d+$/.test(text) && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text));
    const steps = fc.array(fc.oneof(key, fc.nat({ max: 99_999 })));
    fc.assert(
      fc.property(steps, (path) => {
        expect(parsePath(formatPath(path))).toEqual(path);
      }),
    );
  });

  test('is nothing for a text that is none', () => {
    fc.assert(fc.property(fc.string(), (text) => void parsePath(text)));
    expect(parsePath('spec topology')).toBeNull();
    expect(parsePath('spec[')).toBeNull();
  });
});

describe('a quoted text', () => {
  test('stays on its line and moves no cursor', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(quote(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
    expect(quote('a\u001b[2Jb\n')).toBe('"a\\u001b[2Jb\\n"');
    expect(quote('\u202eevil')).toBe('"\\u202eevil"');
  });

  test('is cut when it is long', () => {
    expect(quote('x'.repeat(1_000_000)).length).toBeLessThan(100);
  });
});
