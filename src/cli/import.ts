import { writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { errorText, VinetError } from '../model/vinet-error.ts';
import { renderProblem } from './failure-report.ts';
import { readGraphFile } from './import/graph-file.ts';
import { type DraftOptions, draftOverlay } from './import/overlay-draft.ts';
import { readOverlayFile } from './overlay-file.ts';
import { printable, type Terminal } from './terminal.ts';

export interface ImportOptions extends Omit<DraftOptions, 'file'> {
  /** A path, or `-` for standard input. */
  readonly file: string;
  /** Null for standard output. */
  readonly output: string | null;
}

/** Writes the overlay of a graph in GML or GraphML, and says what became of it. Resolves with the exit status. */
export async function runImport(
  options: ImportOptions,
  terminal: Terminal,
  stdin: Readable,
): Promise<number> {
  const { output } = options;
  if (output !== null && resolve(output) === resolve(options.file))
    throw new VinetError(
      'same-file',
      `${output} is the file that is imported; give another one for the overlay`,
    );
  const { name: source, bytes } = await readOverlayFile(options.file, stdin, MAX_GRAPH_BYTES);
  const graph = readGraphFile(bytes);
  const file = options.file === '-' ? 'imported' : basename(options.file);
  const draft = graph.ok ? draftOverlay(graph.value, { ...options, file }) : graph;
  if (!draft.ok) {
    terminal.tell(`${terminal.paint('error:', 'bad')} ${printable(source)} cannot be imported\n`);
    for (const problem of draft.problems) terminal.tell(`${renderProblem(problem, source)}\n`);
    return 1;
  }
  const { name, text, routers, links, notes } = draft.value;
  if (output === null) terminal.write(text);
  else await writeOverlay(output, text);
  // Beside the overlay when that goes to the same place.
  const say = output === null ? terminal.tell : terminal.write;
  say(`${printable(source)}: overlay ${name} of ${routers} routers and ${links} links\n`);
  for (const note of notes) say(`  ${printable(note)}\n`);
  if (output !== null)
    say(`written to ${printable(output)}; vinet plan -f ${printable(output)} shows what it takes\n`);
  return 0;
}

/** Graphs are wordier than overlays; the largest that an overlay can hold has about this, with few attributes. */
const MAX_GRAPH_BYTES = 16 * 1024 * 1024;

async function writeOverlay(output: string, text: string): Promise<void> {
  try {
    await writeFile(output, text);
  } catch (error) {
    throw new VinetError('unwritable-file', `cannot write ${output}: ${errorText(error)}`, { cause: error });
  }
}
