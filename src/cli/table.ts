import { printable, type Style, type Terminal } from './terminal.ts';

/** A table's cell: text, or text that a person's eye should stop at. */
export type Cell = string | { readonly text: string; readonly style: Style };

export interface Column {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly align?: 'left' | 'right';
}

/** Aligned columns under a line of titles, two blanks apart, without borders: easy to read and to cut. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  paint: Terminal['paint'],
): string {
  const widths = columns.map((column, index) =>
    rows.reduce((width, row) => Math.max(width, widthOf(row[index] ?? '')), column.title.length),
  );
  const line = (cells: readonly Cell[]) =>
    columns
      .map((column, index) => {
        const cell = cells[index] ?? '';
        const blanks = ' '.repeat((widths[index] ?? 0) - widthOf(cell));
        const text = typeof cell === 'string' ? textOf(cell) : paint(textOf(cell), cell.style);
        return column.align === 'right' ? blanks + text : text + blanks;
      })
      .join('  ')
      .trimEnd();
  const titles = columns.map((column): Cell => ({ text: column.title, style: 'bold' }));
  return [titles, ...rows].map((cells) => `${line(cells)}\n`).join('');
}

function textOf(cell: Cell): string {
  const text = typeof cell === 'string' ? cell : cell.text;
  return text === '' ? '-' : printable(text);
}

function widthOf(cell: Cell): number {
  return [...textOf(cell)].length;
}
