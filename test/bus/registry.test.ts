import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import avro from 'avsc';
import { schemaText } from '../../src/bus/codec.js';
import { AvroWire } from '../../src/bus/kafka/avro-wire.js';
import { topics } from '../../src/bus/topics.js';
import { LogowatchError } from '../../src/core/errors.js';
import type { StreamGap } from '../../src/core/frame.js';
import { TestRegistry, withoutRegistry } from '../support/registry.js';

const gap: StreamGap = {
  kind: 'gap',
  streamId: 'news',
  session: 's',
  ptsUs: 1,
  wallTimeMs: 1_700_000_000_000,
  clock: 'arrival',
  reason: 'stalled',
  missingUs: 7,
};

describe('a real schema registry', { skip: withoutRegistry(), timeout: 180_000 }, () => {
  let registry: TestRegistry;
  before(async () => {
    registry = await TestRegistry.start();
  });
  after(() => registry?.stop());

  const ask = async (path: string, init?: RequestInit) => {
    const response = await fetch(registry.url + path, init);
    return (await response.json()) as Record<string, unknown>;
  };
  const code = (wanted: string) => (e: unknown) => e instanceof LogowatchError && e.code === wanted;

  it('has our schema under the topic’s subject, and any reader of it can read our messages', async () => {
    const wire = new AvroWire({ url: registry.url }, 't.');
    const { value } = await wire.encode(topics.frames, gap);
    assert.equal(value[0], 0);
    const id = value.readInt32BE(1);
    const { schema } = await ask(`/schemas/ids/${id}`);
    const latest = await ask('/subjects/t.frames-value/versions/latest');
    assert.equal(latest.id, id);
    const type = avro.Type.forSchema(JSON.parse(schema as string), { wrapUnions: true });
    const { record } = type.fromBuffer(value.subarray(5)) as { record: Record<string, { streamId: string }> };
    assert.equal(Object.values(record)[0]?.streamId, 'news');
  });

  it('lets a process that never wrote read, by the id alone', async () => {
    const { value } = await new AvroWire({ url: registry.url }, 't.').encode(topics.frames, gap);
    const reader = new AvroWire({ url: registry.url }, 't.');
    assert.deepEqual(await reader.decode(topics.frames, value), gap);
  });

  it('messages of a schema with a field more are read', async () => {
    const newer = JSON.parse(schemaText(topics.frames)) as { fields: object[] };
    newer.fields.push({ name: 'later', type: 'string', default: '' });
    const { id } = await ask('/subjects/other-value/versions', {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema: JSON.stringify(newer) }),
    });
    const wire = new AvroWire({ url: registry.url }, 't.');
    const { value } = await wire.encode(topics.frames, gap);
    const present = avro.Type.forSchema(JSON.parse(schemaText(topics.frames)), { wrapUnions: true });
    const record = present.fromBuffer(value.subarray(5)) as object;
    const body = avro.Type.forSchema(newer as avro.Schema, { wrapUnions: true }).toBuffer({
      ...record,
      later: 'x',
    });
    const header = Buffer.alloc(5);
    header.writeInt32BE(id as number, 1);
    assert.deepEqual(await wire.decode(topics.frames, Buffer.concat([header, body])), gap);
  });

  it('says what is wrong where an id is unknown, or no registry answers', async () => {
    const unknown = Buffer.from([0, 0x7f, 0xff, 0xff, 0xf0, 1]);
    await assert.rejects(
      new AvroWire({ url: registry.url }, 't.').decode(topics.frames, unknown),
      code('message-invalid'),
    );
    const nobody = new AvroWire({ url: 'http://127.0.0.1:1' }, 't.');
    await assert.rejects(nobody.encode(topics.frames, gap), code('bus-failed'));
  });
});
