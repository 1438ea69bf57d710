import type { ApplyBody, LinkView } from '../model/api.ts';
import type { LinkEdit } from '../model/overlay.ts';
import { VinetError } from '../model/vinet-error.ts';
import { type ApiClient, apiPath } from './api-client.ts';
import { renderApplied, renderPlan } from './change-report.ts';
import type { Terminal } from './terminal.ts';

export interface LinkOptions {
  readonly overlay: string;
  /** Its two ends, or its name alone. */
  readonly link: readonly string[];
  readonly edit: LinkEdit;
  readonly dryRun: boolean;
}

/** Declares a link otherwise, as `apply` of an edited file would. */
export async function runLink(client: ApiClient, options: LinkOptions, terminal: Terminal): Promise<void> {
  const { overlay, dryRun } = options;
  const link = await findLink(client, overlay, options.link);
  const { results } = await client.send<ApplyBody>({
    method: 'PATCH',
    path: apiPath(['overlays', overlay, 'links', link], dryRun ? [['dryRun', 'true']] : []),
    contentType: 'application/json',
    body: JSON.stringify(options.edit),
    idleTimeoutMs: DEPLOY_TIMEOUT_MS,
  });
  for (const result of results) {
    terminal.write(dryRun ? renderPlan(result, terminal.paint) : renderApplied(result, true, terminal.paint));
  }
}

/** Nodes check, reserve and commit before the answer comes. */
const DEPLOY_TIMEOUT_MS = 180_000;

async function findLink(client: ApiClient, overlay: string, words: readonly string[]): Promise<string> {
  const [one = '', other] = words;
  if (other === undefined) return one;
  const { links } = await client.send<{ links: LinkView[] }>({
    path: apiPath(['overlays', overlay, 'links']),
  });
  const found = links.filter(({ kind, ends }) => {
    const names = ends.map(({ router }) => router);
    return kind !== 'segment' && names.includes(one) && names.includes(other);
  });
  const [first, second] = found;
  if (first === undefined) {
    throw new VinetError('not-found', `overlay ${overlay} has no link between ${one} and ${other}`);
  }
  if (second === undefined) return first.name;
  const names = found.map(({ name }) => name).join(', ');
  throw new VinetError(
    'ambiguous',
    `there are several links between ${one} and ${other}: name one of ${names}`,
  );
}
