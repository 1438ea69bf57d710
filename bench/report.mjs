import { linksOf, objectsOf, ring } from './topology-batch.mjs';

const seconds = (value) => value.toFixed(value < 10 ? 2 : 1);
const whole = (value) => String(Math.round(value));
const known = (value, format) => (Number.isFinite(value) ? format(value) : '?');
const perSecond = (key, objects) => (result, size) => known(objects(ring(size)) / result[key], whole);
const figure = (key, format) => (result) => known(result[key], format);

/** What a line says, whose result it is of, and how it is read from that. */
const LINES = [
  ['kernel objects a second: namespaces, veth pairs, addresses, all up'],
  ['  vinet, through the agent’s kernel port', 'kernel vinet', perSecond('build', objectsOf)],
  ['  ip -batch, and one ip -n NAMESPACE -batch a router', 'kernel ip -batch', perSecond('build', objectsOf)],
  ['  Mininet, links and addresses only', 'kernel Mininet', perSecond('build', objectsOf)],
  ['… of it namespaces and veth pairs a second'],
  ['  vinet', 'kernel vinet', perSecond('links', linksOf)],
  ['  ip -batch, a single process', 'kernel ip -batch', perSecond('links', linksOf)],
  ['from nothing to every route everywhere, s'],
  ['  vinet apply --wait', 'deploy vinet', figure('apply', seconds)],
  ['  plain shell script', 'deploy plain', figure('apply', seconds)],
  ['… of it until the last daemon was started, s'],
  ['  vinet', 'deploy vinet', figure('started', seconds)],
  ['  plain shell script', 'deploy plain', figure('started', seconds)],
  ['torn down, s'],
  ['  vinet delete --wait, daemons included', 'deploy vinet', figure('stop', seconds)],
  ['  Mininet, no daemons', 'kernel Mininet', figure('stop', seconds)],
  ['  ip -batch, no daemons', 'kernel ip -batch', figure('stop', seconds)],
  ['CPU used until every route was there, s'],
  ['  vinet: agent', 'deploy vinet', figure('agentCpu', seconds)],
  ['  vinet: controller', 'deploy vinet', figure('controllerCpu', seconds)],
  ['  vinet: FRR', 'deploy vinet', figure('frrCpu', seconds)],
  ['  plain: script, its commands, the start of FRR', 'deploy plain', figure('scriptCpu', seconds)],
  ['  plain: FRR since its start', 'deploy plain', figure('frrCpu', seconds)],
  ['memory, MB (PSS)'],
  ['  vinet: agent', 'deploy vinet', figure('agentMegabytes', whole)],
  ['  vinet: FRR', 'deploy vinet', figure('frrMegabytes', whole)],
  ['  plain: FRR', 'deploy plain', figure('frrMegabytes', whole)],
  ['idle for 10 s, % of a core'],
  ['  vinet: agent', 'deploy vinet', figure('idle', (value) => (value * 100).toFixed(1))],
];

export function renderTable(sizes, results) {
  const lines = LINES.filter(
    ([, contestant]) => contestant === undefined || results[contestant] !== undefined,
  );
  const shown = lines.filter(
    ([, contestant], at) => contestant !== undefined || lines[at + 1]?.[1] !== undefined,
  );
  const rows = shown.map(([text, contestant, read]) => [
    text,
    ...sizes.map((size) => (contestant === undefined ? '' : read(results[contestant][size] ?? {}, size))),
  ]);
  return align([['', ...sizes.map((size) => `N = ${size}`)], ...rows]);
}

export function renderMarks(marks) {
  const rows = marks.map(({ text, figure: value, met }) => [text, value.toFixed(2), met ? 'met' : 'MISSED']);
  return `\n${align([['mark', 'here', ''], ...rows])}\n\n${marks.filter(({ met }) => met).length} of ${marks.length} marks met`;
}

export function align(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
