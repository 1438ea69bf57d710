import type { ApplyResult } from '../model/api.ts';
import { printable, type Style, type Terminal } from './terminal.ts';

type Action = ApplyResult['nodes'][number]['changes'][number]['action'];

const SIGNS: Record<Action, { readonly sign: string; readonly style: Style }> = {
  create: { sign: '+', style: 'good' },
  update: { sign: '~', style: 'warn' },
  delete: { sign: '-', style: 'bad' },
};

/** Every change, grouped by node, and a line that sums them up: what `plan` prints. */
export function renderPlan(result: ApplyResult, paint: Terminal['paint']): string {
  const overlay = printable(result.overlay);
  if (countAll(result) === 0) return `${overlay}: nothing to change.\n`;
  return `${renderChanges(result, paint)}${overlay}: ${countText(result)}\n`;
}

/** What an apply did, and how many changes on which node; all of them when `verbose`. */
export function renderApplied(result: ApplyResult, verbose: boolean, paint: Terminal['paint']): string {
  const overlay = printable(result.overlay);
  if (result.outcome === 'unchanged') return `overlay ${overlay} unchanged\n`;
  const headline = `overlay ${overlay} ${paint(result.outcome, 'good')}: ${countText(result)}\n`;
  if (verbose) return renderChanges(result, paint) + headline;
  const nodes = result.nodes.filter((node) => node.changes.length > 0);
  const width = Math.max(0, ...nodes.map((node) => node.node.length));
  return (
    headline +
    nodes
      .map((node) => `  ${printable(node.node).padEnd(width)}  ${countText({ ...result, nodes: [node] })}\n`)
      .join('')
  );
}

function renderChanges(result: ApplyResult, paint: Terminal['paint']): string {
  return result.nodes
    .filter((node) => node.changes.length > 0)
    .map(({ node, changes }) => {
      const lines = changes.map(({ action, namespace, object, detail }) => {
        const { sign, style } = SIGNS[action];
        const words = [namespace, object].map(printable).join(' ');
        return `  ${paint(`${sign} ${words}`, style)}${renderDetail(detail)}\n`;
      });
      return `${paint(printable(node), 'bold')}\n${lines.join('')}`;
    })
    .join('');
}

const LONGEST_BESIDE = 60;

/** Beside the object where it is short; lines of a daemon's configuration each on a line of their own. */
function renderDetail(detail: string): string {
  if (detail === '') return '';
  if (detail.length <= LONGEST_BESIDE) return `  ${printable(detail)}`;
  return detail
    .split('; ')
    .map((line) => `\n      ${printable(line)}`)
    .join('');
}

/** `3 to create, 1 to delete`; what there is none of is not said. */
function countText(result: ApplyResult): string {
  const changes = result.nodes.flatMap((node) => node.changes);
  return (['create', 'update', 'delete'] as const)
    .map((action) => ({ action, count: changes.filter((change) => change.action === action).length }))
    .filter(({ count }) => count > 0)
    .map(({ action, count }) => `${count} to ${action}`)
    .join(', ');
}

function countAll(result: ApplyResult): number {
  return result.nodes.reduce((count, node) => count + node.changes.length, 0);
}
