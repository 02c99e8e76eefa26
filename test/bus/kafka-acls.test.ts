import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, {
  type AclEntry,
  type AclOperationTypes,
  type AclResourceTypes,
  type Admin,
  Kafka,
  logLevel,
  Partitioners,
} from 'kafkajs';
import type { OutgoingRecord } from '../../src/bus/bus.js';
import { openKafka } from '../../src/bus/kafka/config.js';
import type { KafkaBus } from '../../src/bus/kafka/kafka-bus.js';
import { topics } from '../../src/bus/topics.js';
import { describeError, LogowatchError } from '../../src/core/errors.js';
import type { FrameRecord } from '../../src/core/frame.js';
import { repoRoot } from '../../src/core/root.js';
import type { Detector, DetectorImage } from '../../src/infer/detector.js';
import { runInference, runSmoothing } from '../../src/infer/flow.js';
import { runSinks } from '../../src/sink/run.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { withoutKafka } from '../support/kafka.js';
import { SecureBroker } from '../support/secure-kafka.js';

type Stage = 'ingest' | 'infer' | 'sink';
interface Row {
  readonly stage: Stage;
  readonly what: string;
  readonly entry: AclEntry;
}

const RESOURCES: Record<string, AclResourceTypes> = {
  topic: kafkajs.AclResourceTypes.TOPIC,
  group: kafkajs.AclResourceTypes.GROUP,
  'transactional id': kafkajs.AclResourceTypes.TRANSACTIONAL_ID,
};
const OPERATIONS: Record<string, AclOperationTypes> = {
  Read: kafkajs.AclOperationTypes.READ,
  Write: kafkajs.AclOperationTypes.WRITE,
};

/** The table of docs/kafka.md: what it lists is what is tested. */
function listed(): Row[] {
  const text = readFileSync(join(repoRoot(), 'docs', 'kafka.md'), 'utf8');
  const rows = text.matchAll(/^\| (ingest|infer|sink) \| (Read|Write) \| ([a-z ]+) \| `([^`]+)` \|$/gm);
  return [...rows].map(([, stage = '', operation = '', resource = '', name = '']) => ({
    stage: stage as Stage,
    what: `${operation} on ${resource} ${name}`,
    entry: {
      principal: `User:${stage}`,
      host: '*',
      operation: OPERATIONS[operation]!,
      permissionType: kafkajs.AclPermissionTypes.ALLOW,
      resourceType: RESOURCES[resource]!,
      resourceName: name.replace(/\*$/, ''),
      resourcePatternType: name.endsWith('*')
        ? kafkajs.ResourcePatternTypes.PREFIXED
        : kafkajs.ResourcePatternTypes.LITERAL,
    },
  }));
}

const rows = listed();
const [WIDTH, HEIGHT] = [16, 9];

/** A session that shows a logo all the time. */
function session(): OutgoingRecord<FrameRecord>[] {
  const at = (seq: number) => ({
    streamId: 'news',
    session: randomUUID(),
    ptsUs: seq * 200_000,
    wallTimeMs: seq * 200,
    clock: 'file' as const,
  });
  const { session: id } = at(0);
  const data = new Uint8Array(WIDTH * HEIGHT * 3).fill(200);
  const content = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
  const picture = { width: WIDTH, height: HEIGHT, content, format: 'rgb24', data } as const;
  const frames = Array.from({ length: 20 }, (_, seq): FrameRecord => {
    return { ...at(seq), session: id, kind: 'frame', seq, arrivalMs: Date.now(), live: false, ...picture };
  });
  const closed: FrameRecord = {
    ...at(20),
    session: id,
    kind: 'session-closed',
    reason: 'ended',
    final: true,
  };
  const opened: FrameRecord = { ...at(0), session: id, kind: 'session-opened' };
  return [opened, ...frames, closed].map((value) => ({ key: 'news', value }));
}

const detector: Detector = {
  model: { id: 'sure', hash: 'h', labels: ['light'], inputs: [], engine: 'test' },
  detect: async (images: readonly DetectorImage[]) =>
    images.map(() => [{ label: 'light', score: 0.99, llr: 9, confident: true, box: [0.1, 0.1, 0.2, 0.2] }]),
  close: async () => undefined,
};

describe('ACLs of the stages', { skip: withoutKafka(), timeout: 240_000 }, () => {
  let broker: SecureBroker;
  let admin: Admin;
  before(async () => {
    broker = await SecureBroker.start();
    const kafka = new Kafka({ brokers: [broker.plain.address], logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
    const root = await openKafka(broker.section('root', { partitions: 1 }), new RecordingTelemetry());
    await root.close();
    await admin.createAcls({ acl: rows.map(({ entry }) => entry) });
    // Whoever meets what nobody can read sets it aside.
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    for (const topic of ['logowatch.frames', 'logowatch.appearances'])
      await producer.send({ topic, messages: [{ key: 'news', value: 'poison' }] });
    await producer.disconnect();
  });
  after(async () => {
    await admin?.disconnect();
    await broker?.stop();
  });

  async function using(
    stage: Stage,
    use: Parameters<typeof openKafka>[2],
    work: (bus: KafkaBus) => Promise<unknown>,
  ) {
    const bus = await openKafka(broker.section(stage), new RecordingTelemetry(), use);
    try {
      await work(bus);
    } finally {
      await bus.close();
    }
  }

  const ingest = () =>
    using('ingest', { topics: [topics.frames], publishOnly: true }, (bus) =>
      bus.send(topics.frames, session()),
    );

  /** Until frames were looked at and an appearance is out; rejects with what a stage fails of. */
  const infer = () =>
    using('infer', {}, async (bus) => {
      const done = new AbortController();
      const missing = new Set(['frames-inferred', 'appearance']);
      const telemetry = {
        emit: ({ type }: { type: string }) => {
          if (missing.delete(type) && missing.size === 0) done.abort();
        },
      };
      const flows = [runInference, runSmoothing].map((run) =>
        run({ bus, detector, telemetry, signal: done.signal }).catch((error: unknown) => {
          done.abort();
          throw error;
        }),
      );
      const failed = (await Promise.allSettled(flows)).find((f) => f.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    });

  const sink = () =>
    using('sink', { topics: [topics.appearances] }, async (bus) => {
      const done = new AbortController();
      const name = `test-${randomUUID()}`;
      const collect = { name, write: async () => done.abort(), close: async () => undefined };
      await runSinks({ bus, sinks: [collect], telemetry: new RecordingTelemetry(), signal: done.signal });
    });

  const run: Record<Stage, () => Promise<unknown>> = { ingest, infer, sink };

  it('that docs/kafka.md lists suffice', async () => {
    assert.ok(rows.length >= 12, `${rows.length} rows`);
    for (const stage of ['ingest', 'infer', 'sink'] as const) await run[stage]();
  });

  it('a live frame that is refused is told to the sender of the next', async () => {
    const { entry } = rows.find(({ stage }) => stage === 'ingest')!;
    const live = { ...session()[1]!, droppable: true };
    await using('ingest', { topics: [topics.frames], publishOnly: true }, async (bus) => {
      await admin.deleteAcls({ filters: [entry] });
      try {
        const sending = async () => {
          for (let i = 0; i < 100; i++) {
            await bus.send(topics.frames, [live]);
            await sleep(50);
          }
        };
        await assert.rejects(sending(), /does not let us/);
      } finally {
        await admin.createAcls({ acl: [entry] });
      }
    });
  });

  for (const { stage, what, entry } of rows)
    it(`${stage} without ${what} says what it may not`, async () => {
      await admin.deleteAcls({ filters: [entry] });
      try {
        if (stage === 'infer') await ingest();
        await assert.rejects(run[stage](), (error) => {
          assert.ok(error instanceof LogowatchError && error.code === 'bus-failed', String(error));
          const text = describeError(error);
          assert.ok(text.includes(entry.resourceName), text);
          assert.match(text, /docs\/kafka\.md/);
          return true;
        });
      } finally {
        await admin.createAcls({ acl: [entry] });
      }
    });
});
