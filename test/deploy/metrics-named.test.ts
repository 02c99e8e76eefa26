import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { repoRoot } from '../../src/core/root.js';
import { exportedSeries, namesIn } from '../support/metric-names.js';

const read = (path: string): string => readFileSync(join(repoRoot(), path), 'utf8');

/** Every string under a key of some JSON or YAML, wherever it stands. */
function under(value: unknown, key: string): string[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([k, v]) =>
    k === key && typeof v === 'string' ? [v] : under(v, key),
  );
}

describe('every metric that is named', () => {
  let exported: ReadonlySet<string>;
  before(async () => {
    exported = await exportedSeries();
  });

  const assertExported = (queries: readonly string[], least: number): void => {
    assert.ok(queries.length >= least, `${queries.length} queries found`);
    for (const query of queries) {
      const names = namesIn(query);
      assert.ok(names.length > 0, query);
      for (const name of names) assert.ok(exported.has(name), `${name} in ${query}`);
    }
  };

  it('is found in a query', () => {
    const query =
      'histogram_quantile(0.95, sum by (le) (rate(a_bucket{job=~"$job"}[5m]))) > 2 unless (max by (x) (b_total) or vector(0))';
    assert.deepEqual(namesIn(query), ['a_bucket', 'b_total']);
  });

  it('by an alert is exported', () => {
    const queries = [...read('deploy/prometheus/alerts.yml').matchAll(/^ +expr: (.+)$/gm)].map(
      ([, q = '']) => q,
    );
    assertExported(queries, 10);
  });

  it('by the dashboard is exported', () => {
    assertExported(under(JSON.parse(read('deploy/grafana/dashboards/logowatch.json')), 'expr'), 20);
  });

  it('by a trigger of KEDA is exported', () => {
    const text = read('deploy/helm/logowatch/templates/autoscaling.yaml');
    assertExported(
      [...text.matchAll(/^ +query: (.+)$/gm)].map(([, q = '']) => q),
      2,
    );
  });

  it('in docs/operations.md is exported, and every exported one of ours is there', () => {
    const page = read('docs/operations.md');
    const told = new Set([...page.matchAll(/`(logowatch_[a-z_]+)/g)].map(([, name = '']) => name));
    const ours = [...exported]
      .filter((name) => name.startsWith('logowatch_') && !/_(?:bucket|count)$/.test(name))
      .map((name) => name.replace(/(_seconds)_sum$/, '$1'));
    assert.deepEqual([...told].sort(), [...new Set(ours)].sort());
  });
});
