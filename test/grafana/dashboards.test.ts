import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  type Dashboard,
  GRAFANA_FOLDER,
  type Panel,
  queriesOf,
  readDashboards,
  substitute,
} from './dashboard.ts';
import { METRICS } from './metric-names.ts';

/** Words of PromQL that stand where a metric's or a label's name may stand. */
const PROMQL = new Set(
  'sum max min avg count by without rate increase histogram_quantile clamp_min vector or and unless on'.split(
    ' ',
  ),
);
/** Grafana fills these in by itself. */
const BUILT_IN = ['__rate_interval', '__range', '__interval'];

describe.each(readDashboards())('dashboard $file', ({ dashboard }) => {
  const panels = dashboard.panels.filter((panel) => panel.type !== 'row');

  test('has a title and an address of its own', () => {
    expect(dashboard.title).not.toBe('');
    expect(dashboard.uid).toMatch(/^vinet-[a-z-]+$/);
  });

  test('numbers every panel once', () => {
    const ids = dashboard.panels.map((panel) => panel.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('places panels beside one another, never upon one another, in 24 columns', () => {
    const outside = dashboard.panels.filter(
      ({ gridPos: { x, y, w, h } }) => x < 0 || y < 0 || w < 1 || h < 1 || x + w > 24,
    );
    expect(outside.map((panel) => panel.title)).toEqual([]);
    expect(overlappingPairs(dashboard.panels)).toEqual([]);
  });

  test('says of every panel what it shows, in which unit, and asks something', () => {
    const silent = panels.filter(
      ({ description, fieldConfig, targets }) =>
        !description || !fieldConfig?.defaults.unit || targets === undefined || targets.length === 0,
    );
    expect(silent.map((panel) => panel.title)).toEqual([]);
  });

  test('uses no metric that the product does not have, and no label that the metric does not have', () => {
    expect(
      queriesOf(dashboard).flatMap(({ name, expr }) => unknownNames(expr).map((word) => `${name}: ${word}`)),
    ).toEqual([]);
  });

  test('asks only with variables that it has', () => {
    const known = Object.fromEntries([...BUILT_IN, ...variablesOf(dashboard)].map((name) => [name, 'x']));
    const texts = [...queriesOf(dashboard).map(({ expr }) => expr), ...definitionsOf(dashboard)];
    expect(texts.filter((text) => substitute(text, known).includes('$'))).toEqual([]);
  });

  test('takes the values of its variables from metrics that there are', () => {
    const unknown = definitionsOf(dashboard).filter((definition) => {
      const [, metric = '', label = ''] = /^label_values\((\w+)(?:\{.*\})?, (\w+)\)$/.exec(definition) ?? [];
      return METRICS[metric]?.includes(label) !== true;
    });
    expect(unknown).toEqual([]);
  });
});

describe('provisioning', () => {
  test('gives Grafana a data source and the folder of the dashboards', () => {
    const datasources = readYaml('provisioning/datasources/vinet.yml') as { datasources: { type: string }[] };
    const dashboards = readYaml('provisioning/dashboards/vinet.yml') as {
      providers: { options: { path: string } }[];
    };
    expect(datasources.datasources.map(({ type }) => type)).toEqual(['prometheus']);
    expect(dashboards.providers.map(({ options }) => options.path)).toEqual([
      '/var/lib/grafana/dashboards/vinet',
    ]);
  });

  test('scrapes the controller, and the agents that it names', () => {
    const { scrape_configs } = readYaml('prometheus.yml') as { scrape_configs: { job_name: string }[] };
    expect(scrape_configs.map(({ job_name }) => job_name)).toEqual(['vinet-controller', 'vinet-agents']);
  });

  test('has the Overlay dashboard to show', () => {
    expect(existsSync(join(GRAFANA_FOLDER, 'dashboards/overlay.json'))).toBe(true);
  });
});

function overlappingPairs(panels: readonly Panel[]): string[] {
  return panels.flatMap((a, at) =>
    panels
      .slice(at + 1)
      .filter(
        ({ gridPos: b }) =>
          overlaps(a.gridPos.x, a.gridPos.w, b.x, b.w) && overlaps(a.gridPos.y, a.gridPos.h, b.y, b.h),
      )
      .map((b) => `${a.title} and ${b.title}`),
  );
}

function overlaps(start: number, length: number, otherStart: number, otherLength: number): boolean {
  return start < otherStart + otherLength && otherStart < start + length;
}

/** Names in a query that are neither a metric, nor PromQL, nor a label of one of its metrics. */
function unknownNames(expr: string): string[] {
  const words = expr.replace(/"[^"]*"|\$\w+|\[[^\]]*\]/g, '').match(/[A-Za-z_]\w*/g) ?? [];
  const metrics = words.filter((word) => METRICS[word] !== undefined);
  const labels = new Set(metrics.flatMap((metric) => METRICS[metric] ?? []));
  return words.filter((word) => METRICS[word] === undefined && !PROMQL.has(word) && !labels.has(word));
}

function variablesOf(dashboard: Dashboard): string[] {
  return dashboard.templating.list.map(({ name }) => name);
}

function definitionsOf(dashboard: Dashboard): string[] {
  return dashboard.templating.list.flatMap(({ definition }) =>
    definition === undefined ? [] : [definition],
  );
}

function readYaml(path: string): unknown {
  return parse(readFileSync(join(GRAFANA_FOLDER, path), 'utf8'));
}
