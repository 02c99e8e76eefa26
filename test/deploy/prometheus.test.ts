import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { repoRoot } from '../../src/core/root.js';
import { runTool, withoutTools } from '../support/deploy-tools.js';

const read = (path: string): string => readFileSync(join(repoRoot(), path), 'utf8');
const folder = 'deploy/prometheus';

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { alert: string; annotations: { runbook: string } }[];
  }[];
}
interface RuleTests {
  readonly tests: readonly {
    alert_rule_test: readonly { alertname: string; exp_alerts: readonly unknown[] }[];
  }[];
}
const alerts = (parse(read(`${folder}/alerts.yml`)) as Rules).groups.flatMap(({ rules }) => rules);

describe('alerts', () => {
  it('each has a test in which it fires and one in which it does not', () => {
    const tested = (parse(read(`${folder}/alerts.test.yml`)) as RuleTests).tests.flatMap(
      (t) => t.alert_rule_test,
    );
    for (const { alert } of alerts) {
      const own = tested.filter(({ alertname }) => alertname === alert);
      assert.ok(
        own.some(({ exp_alerts }) => exp_alerts.length === 0) && own.some((t) => t.exp_alerts.length > 0),
        alert,
      );
    }
  });

  it('each says where it is written what to do, and it is written there', () => {
    const page = read('docs/operations.md');
    for (const { alert, annotations } of alerts) {
      assert.equal(annotations.runbook, `docs/operations.md#${alert.toLowerCase()}`);
      assert.match(page, new RegExp(`^#+ ${alert}$`, 'm'));
    }
    const described = [...page.matchAll(/^#+ (Logowatch\w+)$/gm)].map(([, name]) => name);
    assert.deepEqual(described.sort(), alerts.map(({ alert }) => alert).sort());
  });
});

describe('promtool', { skip: withoutTools('promtool') }, () => {
  for (const [what, file] of [
    ['check config', 'prometheus.yml'],
    ['check rules', 'alerts.yml'],
    ['test rules', 'alerts.test.yml'],
  ] as const)
    it(`${what} ${file}`, () => {
      const { status, text } = runTool('promtool', ...what.split(' '), `${folder}/${file}`);
      assert.equal(status, 0, text);
    });
});
