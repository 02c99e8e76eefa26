import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import { lastRevisions, readEvents, runCli } from '../support/cli.js';
import { withoutKafka } from '../support/kafka.js';
import { TestCluster } from '../support/kafka-cluster.js';
import {
  assertUndisturbed,
  ended,
  inOrder,
  isOpenAndNew,
  KafkaStages,
  model,
  type Shown,
} from '../support/kafka-stages.js';
import { until } from '../support/wait.js';

const DONE_MS = 150_000;

describe('stages on a cluster of three brokers', { skip: withoutKafka(), timeout: 600_000 }, () => {
  let kafka: KafkaStages<TestCluster>;
  let undisturbed: Shown[];
  before(async () => {
    kafka = await KafkaStages.on(() => TestCluster.start());
    const stages = kafka.corner('calm');
    stages.start('sink');
    assert.equal((await stages.start('ingest').ended).code, 0);
    stages.start('infer');
    const events = kafka.path('in-process.jsonl');
    const watched = await runCli('watch', kafka.clip, '--model', model, '--events', events);
    assert.equal(watched.code, 0, watched.stderr);
    const appearances = lastRevisions(readEvents(events)).length;
    await until('all is seen', () => ended(stages.seen()) >= appearances, DONE_MS);
    undisturbed = inOrder(stages.seen());
    assert.ok(undisturbed.length >= 4, 'too little is shown to compare');
  });
  after(() => kafka?.close());

  it('the leader of what is being written is killed while an appearance is open, and comes back', async (t) => {
    const stages = kafka.corner('killed');
    stages.start('sink');
    assert.equal((await stages.start('ingest').ended).code, 0);
    stages.start('infer');
    await until('an appearance is open', () => isOpenAndNew(stages.seen(), 0), DONE_MS);
    const leader = await leaderOf('killed.appearances');
    await leader.kill();
    const [killed, before] = [performance.now(), stages.seen().length];
    await until('it goes on', () => stages.seen().length > before, DONE_MS);
    t.diagnostic(`${((performance.now() - killed) / 1000).toFixed(1)} s until the next event`);
    await leader.up();
    await until('all is seen', () => ended(stages.seen()) >= undisturbed.length, DONE_MS);
    await assertUndisturbed(stages, undisturbed);
  });

  /** The broker that leads the partition of the one stream. */
  async function leaderOf(topic: string) {
    const client = new Kafka({ brokers: kafka.broker.addresses, logLevel: logLevel.NOTHING });
    const admin = client.admin();
    await admin.connect();
    try {
      const offsets = await admin.fetchTopicOffsets(topic);
      const written = offsets.find(({ high }) => Number(high) > 0);
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const partition = topics[0]!.partitions.find(({ partitionId }) => partitionId === written?.partition);
      assert.equal(partition?.replicas.length, 3);
      return kafka.broker.brokers[partition!.leader - 1]!;
    } finally {
      await admin.disconnect();
    }
  }
});
