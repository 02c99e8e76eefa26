import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '../../src/config.js';
import { repoRoot } from '../../src/core/root.js';
import { runTool, toolsFolder, withoutTools } from '../support/deploy-tools.js';

const CHART = 'deploy/helm/logowatch';
/** The oldest version that Chart.yaml allows, and the newest there are schemas of. */
const KUBERNETES = ['1.27', '1.37'];
const CRDS: Readonly<Record<string, string>> = {
  ScaledObject: 'keda.sh_scaledobjects.yaml',
  ServiceMonitor: 'monitoring.coreos.com_servicemonitors.yaml',
  PrometheusRule: 'monitoring.coreos.com_prometheusrules.yaml',
};
const SECRETS = {
  KAFKA_USERNAME: 'l',
  KAFKA_PASSWORD: 'k',
  CAM_USER: 'u',
  CAM_PASSWORD: 'p',
  HOOK_TOKEN: 't',
};

interface Container {
  readonly args: readonly string[];
  readonly securityContext: { readonly [key: string]: unknown };
  readonly resources: { readonly limits: { readonly [key: string]: unknown } };
  readonly volumeMounts: readonly { readonly mountPath: string }[];
}
interface Pod {
  readonly securityContext: { readonly [key: string]: unknown };
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [Container];
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly replicas?: number; readonly template: { readonly spec: Pod } };
  readonly data: Readonly<Record<string, string>>;
}

describe('the chart', { skip: withoutTools('helm', 'kubernetes-validate', 'check-jsonschema') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'logowatch-helm-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const valueFiles = readdirSync(join(repoRoot(), CHART, 'ci'));

  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const template = (...args: readonly string[]) => runTool('helm', 'template', 'tv', CHART, ...args);
  const rendered = (values: string): { text: string; all: Manifest[] } => {
    const { status, stdout, text } = template('-f', `${CHART}/ci/${values}`);
    assert.equal(status, 0, text);
    const all = parseAllDocuments(stdout).map((d) => d.toJS() as Manifest | null);
    return { text: stdout, all: all.filter((m) => m !== null) };
  };
  const deployments = (all: readonly Manifest[]) => all.filter(({ kind }) => kind === 'Deployment');

  it('is linted without a warning, with its defaults and with every values file', () => {
    for (const values of [[], ...valueFiles.map((f) => ['-f', `${CHART}/ci/${f}`])]) {
      const { status, text } = runTool('helm', 'lint', '--strict', CHART, ...values);
      assert.equal(status, 0, text);
    }
  });

  for (const values of valueFiles)
    it(`is valid Kubernetes with ${values}`, () => {
      const { text, all } = rendered(values);
      const path = file(values, text);
      for (const version of KUBERNETES) {
        const { status, text: said } = runTool('kubernetes-validate', '--strict', '-k', version, path);
        assert.equal(status, 0, said);
        const unknown = [...said.matchAll(/find schema for kind (\w+)/g)].map(([, kind = '']) => kind);
        assert.deepEqual(
          unknown.filter((kind) => CRDS[kind] === undefined),
          [],
          'kinds without a schema',
        );
      }
      for (const manifest of all) {
        const crd = CRDS[manifest.kind];
        if (crd === undefined) continue;
        const schema = file(`${crd}.json`, JSON.stringify(strictSchema(join(toolsFolder, 'crds', crd))));
        const check = (instance: object) =>
          runTool(
            'check-jsonschema',
            '--schemafile',
            schema,
            file(`${manifest.kind}.json`, JSON.stringify(instance)),
          );
        const { status, text: said } = check(manifest);
        assert.equal(status, 0, said);
        assert.equal(check({ ...manifest, spec: { ...manifest.spec, unheardOf: 1 } }).status, 1);
      }
    });

  it('runs every process confined, with time to drain', () => {
    for (const values of valueFiles)
      for (const { spec } of deployments(rendered(values).all)) {
        const pod = spec.template.spec;
        const [container] = pod.containers;
        assert.deepEqual(pod.securityContext, {
          runAsNonRoot: true,
          runAsUser: 10001,
          runAsGroup: 10001,
          fsGroup: 10001,
          seccompProfile: { type: 'RuntimeDefault' },
        });
        assert.deepEqual(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        assert.equal(pod.automountServiceAccountToken, false);
        assert.ok(pod.terminationGracePeriodSeconds > 10);
        assert.ok(container.resources.limits.memory !== undefined);
      }
  });

  it('gives each process a config that it accepts, and each stream to one of them', async () => {
    for (const values of valueFiles) {
      const { all } = rendered(values);
      const files =
        all.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'tv-logowatch')?.data ??
        {};
      const streams: string[] = [];
      for (const { spec, metadata } of deployments(all)) {
        const [stage, flag, path = ''] = spec.template.spec.containers[0].args;
        assert.equal(flag, '-c');
        const name = path.replace('/etc/logowatch/', '');
        const config = await loadConfig(file(name, files[name] ?? ''), SECRETS);
        assert.deepEqual(config.ops, { host: '0.0.0.0', port: 9464, streamSecrets: [] });
        assert.equal(config.streams.length > 0, stage === 'ingest', metadata.name);
        assert.equal(config.sinks.length > 0, stage === 'sink', metadata.name);
        if (stage === 'ingest') assert.equal(spec.replicas, 1);
        streams.push(...config.streams.map(({ id }) => id));
      }
      const wanted = parse(readFileSync(join(repoRoot(), CHART, 'ci', values), 'utf8')).config.streams;
      assert.deepEqual(streams.sort(), wanted.map(({ id }: { id: string }) => id).sort());
    }
  });

  it('takes no secret as a value, no unknown value, and no more processes than partitions', () => {
    const base = ['-f', `${CHART}/ci/full-values.yaml`];
    for (const [set, why] of [
      ['config.bus.kafka.sasl.password=hunter2', /password/],
      ['config.streams[0].url=rtsp://u:hunter2@h/x', /url|not/],
      ['config.sinks[0].token=hunter2', /token/],
      ['infer.replica=3', /replica/],
      ['config.ops.port=80', /ops/],
      ['infer.autoscaling.maxReplicas=25', /more than the topic has partitions/],
    ] as const) {
      const { status, text } = template(...base, '--set', set);
      assert.notEqual(status, 0, set);
      assert.match(text, why, set);
    }
  });

  it('leaves the number of processes to KEDA where KEDA scales, and asks for a GPU where one is wanted', () => {
    const infer = (values: string) =>
      deployments(rendered(values).all).find(({ metadata }) => metadata.name === 'tv-logowatch-infer')!;
    assert.equal(infer('full-values.yaml').spec.replicas, undefined);
    assert.equal(infer('small-values.yaml').spec.replicas, 1);
    const pod = infer('gpu-values.yaml').spec.template.spec as Pod & {
      nodeSelector: object;
      tolerations: object;
    };
    assert.equal(pod.containers[0].resources.limits['nvidia.com/gpu'], 1);
    assert.deepEqual(pod.nodeSelector, { 'nvidia.com/gpu.present': 'true' });
    assert.deepEqual(pod.tolerations, [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }]);
  });
});

type Schema = { [key: string]: unknown; properties?: Record<string, Schema>; items?: Schema };

/** What a CRD says of its first version, as JSON Schema that refuses what it does not know, as a cluster would drop it. */
function strictSchema(path: string): Schema {
  const { spec } = parse(readFileSync(path, 'utf8')) as {
    spec: { versions: { schema: { openAPIV3Schema: Schema } }[] };
  };
  const strict = (schema: Schema): Schema => {
    const { properties, items, format: _, pattern, ...rest } = schema;
    const known =
      properties && Object.fromEntries(Object.entries(properties).map(([k, v]) => [k, strict(v)]));
    const open =
      rest.additionalProperties !== undefined || rest['x-kubernetes-preserve-unknown-fields'] === true;
    return {
      ...rest,
      // Go's regular expressions are not always JSON Schema's.
      ...(!String(pattern).includes('(?i)') && pattern !== undefined && { pattern }),
      ...(known && { properties: known }),
      ...(known && !open && { additionalProperties: false }),
      ...(items && { items: strict(items) }),
      ...(rest['x-kubernetes-int-or-string'] === true && { type: ['integer', 'string'], anyOf: undefined }),
    };
  };
  const root = strict(spec.versions[0]!.schema.openAPIV3Schema);
  // The CRD leaves what is known of every object to Kubernetes itself.
  return { ...root, properties: { ...root.properties, metadata: { type: 'object' } } };
}
