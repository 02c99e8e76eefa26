import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { MESSAGE_BYTES_MAX } from '../../src/bus/kafka/settings.js';
import { DEAD_LETTERS } from '../../src/bus/kafka/slice.js';
import { topicSettings } from '../../src/bus/kafka/topic-settings.js';
import { FLEET_TOPICS, topics } from '../../src/bus/topics.js';
import { repoRoot } from '../../src/core/root.js';

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly partitions?: number;
    readonly replicas?: number;
    readonly config?: Readonly<Record<string, unknown>>;
    readonly kafka?: { readonly config: Readonly<Record<string, unknown>> };
  };
}

/** CRDs of Strimzi are in no registry that tests use: what follows is all that is checked of the example, beside its YAML. */
describe('the example for Strimzi', () => {
  const documents = parseAllDocuments(readFileSync(join(repoRoot(), 'deploy/strimzi/kafka.yaml'), 'utf8'));
  assert.deepEqual(
    documents.flatMap(({ errors }) => errors),
    [],
  );
  const all = documents.map((d) => d.toJS() as Resource);
  const of = (kind: string) => all.filter((r) => r.kind === kind);

  it('makes the topics that the program would make, with the same settings', () => {
    const names = [
      ...Object.values(topics).map(({ name }) => name),
      ...Object.values(FLEET_TOPICS),
      DEAD_LETTERS,
    ];
    const found = of('KafkaTopic');
    assert.deepEqual(
      found.map(({ metadata }) => metadata.name).sort(),
      names.map((n) => `logowatch.${n}`).sort(),
    );
    for (const { metadata, spec } of found) {
      const config = Object.fromEntries(Object.entries(spec.config ?? {}).map(([k, v]) => [k, String(v)]));
      assert.deepEqual(config, topicSettings(metadata.name.replace('logowatch.', '')));
    }
    // States lie in the partition of the same number as the records that they are of.
    assert.equal(new Set(found.map(({ spec }) => spec.partitions)).size, 1);
    assert.ok(found.every(({ spec }) => spec.replicas === 3));
  });

  it('has one cluster to which all belongs, that takes frames of the greatest size', () => {
    const [cluster] = of('Kafka');
    for (const kind of ['KafkaTopic', 'KafkaUser', 'KafkaNodePool'])
      for (const { metadata } of of(kind))
        assert.equal(metadata.labels?.['strimzi.io/cluster'], cluster?.metadata.name);
    const { config } = cluster!.spec.kafka!;
    for (const key of ['message.max.bytes', 'replica.fetch.max.bytes'])
      assert.equal(config[key], MESSAGE_BYTES_MAX);
  });
});
