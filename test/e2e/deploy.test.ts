import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import { parse, parseAllDocuments } from 'yaml';
import { useShippedFonts } from '../../src/core/fonts.js';
import { repoRoot } from '../../src/core/root.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import { readEvents } from '../support/cli.js';
import { runTool, withoutTools } from '../support/deploy-tools.js';
import { readImage } from '../support/dockerfile.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { TestBroker, withoutKafka } from '../support/kafka.js';
import { freePort } from '../support/ports.js';
import { TestRegistry, withoutRegistry } from '../support/registry.js';
import { type Container, Sandbox, withoutSandbox } from '../support/sandbox.js';
import { until } from '../support/wait.js';

const CONFIG = '/etc/logowatch/logowatch.yaml';
const STAGES = ['infer', 'sink', 'ingest'] as const;
type StageName = (typeof STAGES)[number];

interface Process {
  readonly command: readonly string[];
  /** Path and text of the config that is mounted. */
  readonly config: readonly [path: string, text: string];
  readonly environment: Readonly<Record<string, string>>;
}
type Deployed = Readonly<Record<StageName, Process>>;

const read = (path: string): string => readFileSync(join(repoRoot(), path), 'utf8');
const skip = withoutKafka() || withoutRegistry() || withoutSandbox() || withoutTools('helm');

/** Of no root's, on a read-only root, without a capability, the ways of our Dockerfile's last stage. */
describe('what is deployed, run as the image runs it', { skip, timeout: 400_000 }, () => {
  let broker: TestBroker;
  let registry: TestRegistry;
  let folder: string;
  const sandbox = new Sandbox(readImage('deploy/docker/Dockerfile').last);

  before(async () => {
    useShippedFonts();
    folder = mkdtempSync(join(tmpdir(), 'logowatch-deploy-'));
    chmodSync(folder, 0o755);
    const ffmpeg = await npmFfmpeg();
    await composeBroadcast({
      ffmpegPath: ffmpeg.path,
      seed: 5,
      seconds: 20,
      output: join(folder, 'clip.mp4'),
    });
    broker = await TestBroker.start();
    registry = await TestRegistry.start(registryEnvironment(broker.address));
  });
  after(async () => {
    await sandbox.close();
    await registry?.stop();
    await broker?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  /** Starts all stages, waits until an appearance has ended at the sink, and stops them. */
  async function assertArrives(name: string, deployed: Deployed): Promise<Record<StageName, Container>> {
    const data = (stage: string): string => {
      const path = join(folder, `${name}-${stage}`);
      if (!existsSync(path)) mkdirSync(path, { mode: 0o777 });
      chmodSync(path, 0o777);
      return path;
    };
    copyFileSync(join(folder, 'clip.mp4'), join(data('ingest'), 'clip.mp4'));
    const ports = {} as Record<StageName, number>;
    const running = {} as Record<StageName, Container>;
    for (const stage of STAGES) {
      ports[stage] = await freePort('tcp');
      const { command, config, environment } = deployed[stage];
      const text = config[1]
        .replaceAll(/kafka:9092/g, broker.address)
        .replaceAll(/http:\/\/registry:8080\/apis\/ccompat\/v7/g, registry.url)
        .replaceAll('9464', String(ports[stage]));
      running[stage] = sandbox.start({
        command,
        environment,
        files: { [config[0]]: text },
        ...(stage !== 'infer' && { data: data(stage) }),
      });
    }
    const events = join(data('sink'), 'events.jsonl');
    const said = () =>
      STAGES.map((stage) => `${stage}: ${running[stage].text.stderr.slice(-2000)}`).join('\n');
    const failed = () => STAGES.filter((stage) => (running[stage].child.exitCode ?? 0) !== 0);
    const arrived = () => existsSync(events) && readEvents(events).some((e) => e.state === 'ended');
    await until('an appearance has ended', () => arrived() || failed().length > 0, 90_000).catch((error) =>
      assert.fail(`${error.message}\n${said()}`),
    );
    assert.deepEqual(failed(), [], said());
    assert.equal(await running.ingest.ended, 0, said());
    assertConfined(running.infer.pid());
    assert.equal(healthcheck(ports.infer), 0);
    assert.equal(healthcheck(await freePort('tcp')), 1);
    const metrics = await (await fetch(`http://127.0.0.1:${ports.sink}/metrics`)).text();
    assert.match(metrics, /^logowatch_sink_events_total\{sink="jsonl"\} [1-9]/m);
    assert.match(metrics, /^logowatch_bus_lag_seconds\{group="sink-jsonl"\} 0$/m);
    assert.match(metrics, /^logowatch_bus_commit_failures_total\{group="sink-jsonl"\} 0$/m);
    const stopped = performance.now();
    for (const stage of ['infer', 'sink'] as const) process.kill(running[stage].pid()!, 'SIGTERM');
    assert.deepEqual(await Promise.all([running.infer.ended, running.sink.ended]), [0, 0], said());
    assert.ok(performance.now() - stopped < 10_000);
    return running;
  }

  it('the compose file: an appearance reaches both sinks, schemas in a registry', async () => {
    const { sink } = await assertArrives('compose', composed());
    assert.match(sink.text.stdout, /"state":"ended"/);
    const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    assert.ok((await admin.listTopics()).includes('kafkasql-journal'), 'schemas outlive the registry');
    await admin.disconnect();
  });

  it('the chart: an appearance reaches its sink', async () => {
    await assertArrives('chart', charted());
  });
});

/** Uid, capabilities and root of a process, as the kernel has them. */
function assertConfined(pid: number | undefined): void {
  assert.ok(pid !== undefined);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  assert.match(status, /^Uid:\t10001\t10001\t10001\t10001$/m);
  assert.match(status, /^CapEff:\t0+$/m);
  assert.match(status, /^CapBnd:\t0+$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const writable = mounts.filter((m) => m[5]?.split(',')[0] === 'rw').map((m) => m[4] ?? '');
  assert.deepEqual(
    writable.filter((path) => !/^\/(?:tmp|data|dev|proc)(?:\/|$)/.test(path)),
    [],
  );
}

const healthcheck = (port: number): number | null => {
  const [program = '', script = ''] = readImage('deploy/docker/Dockerfile').last.healthcheck;
  const path = join(repoRoot(), script.replace('/app/', 'deploy/docker/'));
  return spawnSync(program, [path], { env: { ...process.env, LOGOWATCH_OPS_PORT: String(port) } }).status;
};

interface ComposeFile {
  readonly services: Record<
    string,
    { command: string[]; environment: Record<string, string>; volumes: string[] }
  >;
}
const composeFile = () => parse(read('deploy/compose.yaml'), { merge: true }) as ComposeFile;

function composed(): Deployed {
  const { services } = composeFile();
  const of = (stage: StageName): Process => {
    const { command, volumes } = services[stage]!;
    const mounted = volumes.find((v) => v.split(':')[1] === CONFIG)!.split(':')[0]!;
    const environment = { LOGOWATCH_STREAM_URL: '/data/clip.mp4' };
    return { command, config: [CONFIG, read(join('deploy', mounted))], environment };
  };
  return { ingest: of('ingest'), infer: of('infer'), sink: of('sink') };
}

/** What the compose file tells its registry, of the same version as ours. */
function registryEnvironment(address: string): Record<string, string> {
  const { environment } = composeFile().services.registry!;
  return Object.fromEntries(
    Object.entries(environment).map(([k, v]) => [k, v.replace('kafka:9092', address)]),
  );
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  readonly data: Record<string, string>;
  readonly spec: { readonly template: { readonly spec: { readonly containers: [{ args: string[] }] } } };
}

function charted(): Deployed {
  const { stdout } = runTool(
    'helm',
    'template',
    'tv',
    'deploy/helm/logowatch',
    '-f',
    'deploy/helm/logowatch/ci/small-values.yaml',
  );
  const all = parseAllDocuments(stdout).map((d) => d.toJS() as Manifest);
  const files = all.find(({ kind }) => kind === 'ConfigMap')!.data;
  const of = (stage: StageName): Process => {
    const deployment = all.find(
      ({ kind, metadata }) =>
        kind === 'Deployment' && metadata.labels['app.kubernetes.io/component'] === stage,
    )!;
    const { args } = deployment.spec.template.spec.containers[0];
    const path = args.at(-1)!;
    const text = files[path.replace('/etc/logowatch/', '')]!;
    // A corner of the cluster of its own.
    const config = text
      .replace('https://tv.example/live/master.m3u8', '/data/clip.mp4')
      .replace('    brokers:', '    prefix: chart.\n    brokers:');
    return { command: args, config: [path, config.replace(/^ {4}prefix/m, '    prefix')], environment: {} };
  };
  return { ingest: of('ingest'), infer: of('infer'), sink: of('sink') };
}
