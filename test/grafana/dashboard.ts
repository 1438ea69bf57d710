import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const GRAFANA_FOLDER = fileURLToPath(new URL('../../grafana', import.meta.url));

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

export function readDashboards(): { file: string; dashboard: Dashboard }[] {
  const folder = join(GRAFANA_FOLDER, 'dashboards');
  return readdirSync(folder).map((file) => ({
    file,
    dashboard: JSON.parse(readFileSync(join(folder, file), 'utf8')) as Dashboard,
  }));
}

export function queriesOf(dashboard: Dashboard): { name: string; panel: Panel; expr: string }[] {
  return dashboard.panels.flatMap((panel) =>
    (panel.targets ?? []).map(({ refId, expr }) => ({ name: `${panel.title} ${refId}`, panel, expr })),
  );
}

/** As Grafana does before it asks: `$name` and `${name}`. */
export function substitute(expr: string, variables: Readonly<Record<string, string>>): string {
  return expr.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (whole, braced: string | undefined, bare: string | undefined) => {
      return variables[braced ?? bare ?? ''] ?? whole;
    },
  );
}
