import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderTable } from '../../src/cli/table.ts';
import { recordingTerminal } from './recording-terminal.ts';

const plain = recordingTerminal().terminal.paint;
const styled = recordingTerminal({ styled: true }).terminal.paint;

test('columns are as wide as their widest cell, numbers stand at the right, no blanks trail', () => {
  const columns = [{ title: 'ROUTER' }, { title: 'ROUTES', align: 'right' as const }, { title: 'NODE' }];
  expect(
    renderTable(
      columns,
      [
        ['r1', '9/10', 'n1'],
        ['router-ten', '10/10', ''],
      ],
      plain,
    ),
  ).toBe(['ROUTER      ROUTES  NODE', 'r1            9/10  n1', 'router-ten   10/10  -', ''].join('\n'));
});

test('colour does not count as width', () => {
  const rows = [[{ text: 'no', style: 'bad' as const }, 'x']];
  expect(renderTable([{ title: 'UP' }, { title: 'B' }], rows, styled)).toBe(
    '<bold:UP>  <bold:B>\n<bad:no>  x\n',
  );
});

test('text of others can neither steer the terminal nor break a row', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }), (cells) => {
      const rendered = renderTable(
        [{ title: 'A' }],
        cells.map((cell) => [cell]),
        plain,
      );
      expect(rendered.split('\n')).toHaveLength(cells.length + 2);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      expect(rendered.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    }),
  );
});
