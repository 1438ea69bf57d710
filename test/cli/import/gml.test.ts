import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readGml } from '../../../src/cli/import/gml.ts';
import { formatProblem } from '../../../src/model/problem.ts';
import { unwrap } from '../../planner/overlay-builder.ts';

/** Keys and values without their places. */
function contentOf(text: string): unknown {
  return JSON.parse(
    JSON.stringify(unwrap(readGml(text)), (key, value) => (key === 'offset' ? undefined : value)),
  );
}

function faultOf(text: string): string {
  const read = readGml(text);
  return read.ok ? '' : read.problems.map(formatProblem).join('\n');
}

const nested = (depth: number) => `${'a [ '.repeat(depth)}${'] '.repeat(depth)}`;

describe('GML', () => {
  test('is keys with numbers, strings and lists in lists, on as many lines as one likes', () => {
    expect(contentOf('Version 1 graph [ x -1.5e3 y .5 z [ ] label "two\nlines"]')).toEqual([
      { key: 'Version', value: '1' },
      {
        key: 'graph',
        value: [
          { key: 'x', value: '-1.5e3' },
          { key: 'y', value: '.5' },
          { key: 'z', value: [] },
          { key: 'label', value: 'two\nlines' },
        ],
      },
    ]);
  });

  test('keeps every entry of a repeated key, and every digit of a number', () => {
    expect(contentOf('id 90071992547409931 id 2')).toEqual([
      { key: 'id', value: '90071992547409931' },
      { key: 'id', value: '2' },
    ]);
  });

  test('has comments to the end of a line, but not in a string', () => {
    expect(contentOf('# a ] in a comment\na 1# one\r\nb "# none"')).toEqual([
      { key: 'a', value: '1' },
      { key: 'b', value: '# none' },
    ]);
  });

  test('writes characters beyond 7 bits as entities, and what is none stays as it stands', () => {
    const text = 'Z&uuml;rich &#233;&#xE9; &quot;x&quot; &amp;uuml; AT&T &unknown; &#0; &#xD800; &#1114112;';
    expect(contentOf(`label "${text}"`)).toEqual([
      { key: 'label', value: 'Zürich éé "x" &uuml; AT&T &unknown; &#0; &#xD800; &#1114112;' },
    ]);
    expect(contentOf('a "&nbsp;&yuml;&szlig;&Agrave;&divide;"')).toEqual([{ key: 'a', value: '\u00a0ÿßÀ÷' }]);
  });

  test.each([
    ['graph [\n  id 1\n', 'line 1: the list that begins here has no "]"'],
    ['graph [ ]\n]', 'line 2: there is no list that this "]" could end'],
    ['a "no end\nb 1', 'line 1: the string that begins here has no closing quote'],
    ['graph [\n  1 2 ]', 'line 2: a key is expected here, not "1"'],
    ['a', 'line 1: the file ends where a value is expected'],
    [
      'date 3/02/11',
      'line 1: a value is expected here, not "3/02/11" (a number, a list in [ ], or a string in double quotes)',
    ],
    [
      'a 1b 2',
      'line 1: a value is expected here, not "1b" (a number, a list in [ ], or a string in double quotes)',
    ],
  ])('is refused with its line, as %j', (text, fault) => {
    expect(faultOf(text)).toBe(fault);
  });

  test('of more depth or length than any graph has is refused, not waited for', () => {
    expect(faultOf(nested(64))).toBe('');
    expect(faultOf(nested(65))).toBe('line 1: lists are nested more than 64 deep');
    expect(faultOf(nested(1_000_000))).toBe('line 1: lists are nested more than 64 deep');
    expect(faultOf('a 1 '.repeat(1_000_001))).toBe('line 1: the file has more than 1000000 entries');
  });

  test('names the column of a fault behind the ends of lines of every system', () => {
    const read = readGml('a 1\rb 2\r\nc 3\n\n  d ?');
    expect(read).toMatchObject({ ok: false, problems: [{ line: 5, column: 5 }] });
  });

  test('that was written is read back, whatever it holds', () => {
    interface Entry {
      key: string;
      value: string | Entry[];
    }
    const key = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/);
    const { list } = fc.letrec<{ list: Entry[]; entry: Entry }>((tie) => ({
      list: fc.array(tie('entry'), { maxLength: 5, depthIdentifier: 'list' }),
      entry: fc.record({
        key,
        value: fc.oneof(
          { depthIdentifier: 'list', maxDepth: 5 },
          fc.string({ unit: 'grapheme' }),
          tie('list'),
        ),
      }),
    }));
    const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    const write = (entries: Entry[]): string =>
      entries
        .map(
          ({ key, value }) =>
            `${key} ${typeof value === 'string' ? `"${escaped(value)}"` : `[ ${write(value)} ]`}`,
        )
        .join('\n');
    fc.assert(
      fc.property(list, (entries) => {
        expect(contentOf(write(entries))).toEqual(entries);
      }),
    );
  });
});
