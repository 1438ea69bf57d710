import type { ApplyResult } from '../model/api.ts';
import { printable, type Style, type Terminal } from './terminal.ts';

type Action = ApplyResult['nodes'][number]['changes'][number]['action'];

const SIGNS: Record<Action, { readonly sign: string; readonly style: Style; readonly verb: string }> = {
  create: { sign: '+', style: 'good', verb: 'create' },
  update: { sign: '~', style: 'warn', verb: 'update' },
  delete: { sign: '-', style: 'bad', verb: 'delete' },
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
        return `  ${paint(`${sign} ${words}`, style)}${detail === '' ? '' : `  ${printable(detail)}`}\n`;
      });
      return `${paint(printable(node), 'bold')}\n${lines.join('')}`;
    })
    .join('');
}

function countText(result: ApplyResult): string {
  const changes = result.nodes.flatMap((node) => node.changes);
  return (['create', 'update', 'delete'] as const)
    .map(
      (action) => `${changes.filter((change) => change.action === action).length} to ${SIGNS[action].verb}`,
    )
    .join(', ');
}

function countAll(result: ApplyResult): number {
  return result.nodes.reduce((count, node) => count + node.changes.length, 0);
}
