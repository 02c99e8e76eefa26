import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config.js';
import { repoRoot } from '../../src/core/root.js';
import { runTool, withoutTools } from '../support/deploy-tools.js';

const FILE = 'deploy/compose.yaml';
const text = readFileSync(join(repoRoot(), FILE), 'utf8');

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: object;
  readonly depends_on?: readonly string[] | Readonly<Record<string, { condition: string }>>;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly stop_grace_period?: string;
}
const { services, volumes } = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, null>;
};
const ours = Object.entries(services).filter(([, { image }]) => image.startsWith('logowatch:'));

describe('the compose file', () => {
  it('is valid by the schema of the Compose Specification', {
    skip: withoutTools('check-jsonschema'),
  }, () => {
    const { status, text: said } = runTool(
      'check-jsonschema',
      '--builtin-schema',
      'vendor.compose-spec',
      FILE,
    );
    assert.equal(status, 0, said);
  });

  it('names files, volumes and services that are there', () => {
    for (const [name, { volumes: mounted = [], depends_on = [], build }] of Object.entries(services)) {
      for (const source of mounted.map((v) => v.split(':')[0] ?? ''))
        if (source.startsWith('.'))
          assert.ok(existsSync(join(repoRoot(), 'deploy', source)), `${name}: ${source}`);
        else assert.ok(source in volumes, `${name}: ${source}`);
      const needed = Array.isArray(depends_on) ? depends_on.map((d) => [d, {}]) : Object.entries(depends_on);
      for (const [other, { condition }] of needed as [string, { condition?: string }][]) {
        assert.ok(other in services, `${name}: ${other}`);
        if (condition === 'service_healthy')
          assert.ok(services[other]?.healthcheck, `${other} has no health`);
      }
      if (build === undefined) continue;
      const context = join(repoRoot(), 'deploy', build.context);
      assert.ok(statSync(join(context, build.dockerfile)).isFile());
    }
  });

  it('has a process of each stage, confined, with a config that it accepts and all variables that it names', async () => {
    assert.deepEqual(ours.map(([, { command }]) => command?.[0]).sort(), ['infer', 'ingest', 'sink']);
    const given = [...text.matchAll(/^ {4}(LOGOWATCH_\w+): /gm)].map(([, name = '']) => name);
    for (const [, service] of ours) {
      const [, flag, path] = service.command ?? [];
      const mounted = service.volumes?.find((v) => v.split(':')[1] === path)?.split(':')[0] ?? '';
      assert.equal(flag, '-c');
      const environment = Object.fromEntries(given.map((name) => [name, 'rtsp://camera.example/live']));
      const config = await loadConfig(join(repoRoot(), 'deploy', mounted), environment);
      assert.equal(config.ops?.host, '0.0.0.0');
      const hosts = [
        ...(config.bus.kafka?.brokers ?? []),
        new URL(config.bus.kafka?.registry?.url ?? '').host,
      ];
      for (const host of hosts) assert.ok(host.split(':')[0]! in services, host);
      assert.deepEqual(service.cap_drop, ['ALL']);
      assert.equal(service.read_only, true);
      assert.ok(Number.parseInt(service.stop_grace_period ?? '0', 10) > 10);
    }
  });

  it('opens no port to others, and has Prometheus ask all of our processes', () => {
    for (const { ports = [] } of Object.values(services))
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/);
    const scrape = parse(readFileSync(join(repoRoot(), 'deploy/prometheus/prometheus.yml'), 'utf8'));
    assert.deepEqual(
      scrape.scrape_configs[0].dns_sd_configs[0].names.sort(),
      ours.map(([name]) => name).sort(),
    );
  });

  it('gives Grafana a data source that is a service, and dashboards from where they are mounted', () => {
    const read = (path: string) => parse(readFileSync(join(repoRoot(), 'deploy/grafana', path), 'utf8'));
    const [source] = read('provisioning/datasources/prometheus.yaml').datasources;
    assert.ok(new URL(source.url).hostname in services);
    const [provider] = read('provisioning/dashboards/logowatch.yaml').providers;
    const mount =
      services.grafana?.volumes?.find((v) => v.split(':')[1] === provider.options.path)?.split(':')[0] ?? '';
    assert.deepEqual(readdirSync(join(repoRoot(), 'deploy', mount)), ['logowatch.json']);
  });
});
