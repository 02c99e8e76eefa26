import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import kafkajs, { type AclResourceTypes, Kafka, logLevel, Partitioners } from 'kafkajs';
import { parseAllDocuments } from 'yaml';
import { useShippedFonts } from '../../src/core/fonts.js';
import { repoRoot } from '../../src/core/root.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import { type RunningCli, readEvents, startCli } from '../support/cli.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { TestBroker, withoutKafka } from '../support/kafka.js';
import { until } from '../support/wait.js';

/** Of these Node sees no names in kafkajs' module. */
const { AclOperationTypes, AclPermissionTypes, ResourcePatternTypes } = kafkajs;

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly config: Readonly<Record<string, unknown>>;
    readonly authorization?: {
      readonly acls: readonly {
        readonly resource: { readonly type: string; readonly name: string; readonly patternType: string };
        readonly operations: readonly string[];
      }[];
    };
  };
}
const example = parseAllDocuments(readFileSync(join(repoRoot(), 'deploy/strimzi/kafka.yaml'), 'utf8')).map(
  (d) => d.toJS() as Resource,
);
const users = example.filter(({ kind }) => kind === 'KafkaUser');
const PASSWORD = 'test';
const STAGES = ['infer', 'sink', 'ingest'] as const;

/** Strimzi's `simple` authorization is this authorizer; PLAIN stands for SCRAM, which has nothing to do with rights. */
function guarded(port: number, controller: number): Record<string, string> {
  const names = ['admin', ...users.map(({ metadata }) => metadata.name)];
  const known = names.map((name) => `user_${name}="${PASSWORD}"`).join(' ');
  const module = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  return {
    listeners: `SASL_PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `SASL_PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT',
    'security.inter.broker.protocol': 'SASL_PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'listener.name.sasl_plaintext.plain.sasl.jaas.config': `${module} required username="admin" password="${PASSWORD}" ${known};`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:admin;User:ANONYMOUS',
  };
}

describe('the rights that the example for Strimzi gives', { skip: withoutKafka(), timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'logowatch-rights-'));
  const running: RunningCli[] = [];
  let broker: TestBroker;
  const client = (username: string): Kafka =>
    new Kafka({
      brokers: [broker.address],
      sasl: { mechanism: 'plain', username, password: PASSWORD },
      logLevel: logLevel.NOTHING,
    });

  before(async () => {
    broker = await TestBroker.start({}, guarded);
    const admin = client('admin').admin();
    await admin.connect();
    await admin.createTopics({
      waitForLeaders: true,
      topics: example
        .filter(({ kind }) => kind === 'KafkaTopic')
        .map(({ metadata, spec }) => ({
          topic: metadata.name,
          numPartitions: 2,
          configEntries: Object.entries(spec.config).map(([name, value]) => ({ name, value: String(value) })),
        })),
    });
    await admin.createAcls({ acl: users.flatMap(rights) });
    await admin.disconnect();
  });
  after(async () => {
    for (const { child } of running) child.kill('SIGKILL');
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are enough for each stage', async () => {
    useShippedFonts();
    const clip = join(folder, 'clip.mp4');
    const events = join(folder, 'events.jsonl');
    await composeBroadcast({ ffmpegPath: (await npmFfmpeg()).path, seed: 5, seconds: 12, output: clip });
    const config = join(folder, 'config.yaml');
    writeFileSync(
      config,
      [
        `model: ${join(repoRoot(), 'models', 'demo')}`,
        `bus: { kafka: { brokers: ["${broker.address}"], sasl: { mechanism: plain, username: "\${USER_OF_KAFKA}", password: ${PASSWORD} } } }`,
        `streams: [{ id: clip, url: "${clip}" }]`,
        `sinks: [{ type: jsonl, path: "${events}" }]`,
      ].join('\n'),
    );
    for (const stage of STAGES)
      running.push(startCli([stage, '-c', config], { env: { USER_OF_KAFKA: `logowatch-${stage}` } }));
    const said = () => running.map(({ text }, i) => `${STAGES[i]}: ${text.stderr.slice(-2000)}`).join('\n');
    const failed = () => running.some(({ child }) => (child.exitCode ?? 0) !== 0);
    const arrived = () => existsSync(events) && readEvents(events).some(({ state }) => state === 'ended');
    await until('an appearance has ended', () => arrived() || failed(), 120_000).catch((error) =>
      assert.fail(`${error.message}\n${said()}`),
    );
    assert.ok(!failed(), said());
    for (const { child } of running) child.kill('SIGTERM');
    assert.deepEqual(
      await Promise.all(running.map(async ({ ended }) => (await ended).code)),
      [0, 0, 0],
      said(),
    );
  });

  it('are no more than that: who carries appearances away can write no frames', async () => {
    const producer = client('logowatch-sink').producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { retries: 0 },
    });
    await producer.connect();
    await assert.rejects(
      producer.send({ topic: 'logowatch.frames', messages: [{ value: 'x' }] }),
      /not authorized/i,
    );
    await producer.disconnect();
  });
});

function rights({ metadata, spec }: Resource) {
  const types: Readonly<Record<string, AclResourceTypes>> = {
    topic: kafkajs.AclResourceTypes.TOPIC,
    group: kafkajs.AclResourceTypes.GROUP,
    transactionalId: kafkajs.AclResourceTypes.TRANSACTIONAL_ID,
  };
  return spec.authorization!.acls.flatMap(({ resource, operations }) =>
    operations.map((operation) => ({
      resourceType: types[resource.type]!,
      resourceName: resource.name,
      resourcePatternType:
        resource.patternType === 'prefix' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
      principal: `User:${metadata.name}`,
      host: '*',
      operation: AclOperationTypes[operation.toUpperCase() as keyof typeof AclOperationTypes],
      permissionType: AclPermissionTypes.ALLOW,
    })),
  );
}
