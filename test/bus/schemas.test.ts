import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import avro from 'avsc';
import type { Topic } from '../../src/bus/bus.js';
import { decode, schemaText, writerSchema } from '../../src/bus/codec.js';
import { topics } from '../../src/bus/topics.js';
import { LogowatchError } from '../../src/core/errors.js';
import { repoRoot } from '../../src/core/root.js';

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;
interface Field {
  name: string;
  type: Json;
  doc?: string;
  default?: Json;
}

const history = join(repoRoot(), 'schemas', 'history');
const files: readonly [string, Topic<unknown>][] = [
  ['frame', topics.frames],
  ['detections', topics.detections],
  ['appearance', topics.appearances],
];

const versionsOf = (name: string) => readdirSync(history).filter((file) => file.startsWith(`${name}.v`));
const read = (file: string) => readFileSync(join(history, file), 'utf8');

/** Every record of a schema, however deep. */
function recordsOf(schema: Json): { name: string; fields: Field[] }[] {
  if (schema === null || typeof schema !== 'object') return [];
  const children = Object.values(schema).flatMap((child) => recordsOf(child));
  const own = !Array.isArray(schema) && schema.type === 'record' ? [schema as never] : [];
  return [...own, ...children];
}

/** Throws when the reader cannot read what the writer wrote: the rule "backward compatible" of schema registries. */
function checkReads(reader: Json, writer: Json): void {
  parse(reader).createResolver(parse(writer));
}

const parse = (schema: Json) => avro.Type.forSchema(schema as never, { wrapUnions: true });

test('the present schemas read all versions there ever were', () => {
  for (const [name, topic] of files) {
    const versions = versionsOf(name);
    assert.ok(versions.length > 0, name);
    for (const version of versions) {
      checkReads(JSON.parse(schemaText(topic)), JSON.parse(read(version)));
      writerSchema(topic, read(version));
    }
  }
});

test('the newest version in history is the present one: whoever changes a schema adds a version', () => {
  for (const [name, topic] of files) {
    const number = (file: string) => Number(/\.v(\d+)\./.exec(file)?.[1]);
    const newest = versionsOf(name).sort((a, b) => number(b) - number(a))[0]!;
    assert.deepEqual(JSON.parse(schemaText(topic)), JSON.parse(read(newest)), name);
  }
});

test('a change that breaks readers of old messages is caught: planted violations', () => {
  let removals = 0;
  for (const [name, topic] of files) {
    const old = JSON.parse(schemaText(topic)) as Json;
    for (const [index, record] of recordsOf(old).entries()) {
      const added = structuredClone(old);
      recordsOf(added)[index]!.fields.push({ name: 'planted', type: 'string' });
      assert.throws(() => checkReads(added, old), `${name}: ${record.name} with a field without default`);
      recordsOf(added)[index]!.fields.at(-1)!.default = '';
      checkReads(added, old);
      // The next version may leave a field out, but its own messages then cannot be read by those who need it.
      for (const [k, field] of record.fields.entries()) {
        if (field.default !== undefined || k === 0) continue;
        const removed = structuredClone(old);
        recordsOf(removed)[index]!.fields.splice(k, 1);
        if (!avroParses(removed)) continue;
        assert.throws(() => checkReads(old, removed), `${record.name}.${field.name}`);
        removals++;
        assert.throws(() => checkReads(old, removed), `${record.name}.${field.name}`);
      }
    }
  }
  assert.ok(removals > 30, `${removals}`);
});

/** Leaving out the field that defines a named type makes no schema at all. */
function avroParses(schema: Json): boolean {
  try {
    parse(schema);
    return true;
  } catch {
    return false;
  }
}

test('fields have docs, no array holds items of no bytes', () => {
  for (const [name, topic] of files) {
    const schema = JSON.parse(schemaText(topic)) as Json;
    for (const record of recordsOf(schema)) {
      for (const field of record.fields)
        assert.ok(field.doc, `${name}: ${record.name}.${field.name} has no doc`);
    }
    assert.doesNotMatch(JSON.stringify(schema), /"items":("null"|\["null")/);
    assert.equal((schema as { namespace: string }).namespace, 'io.logowatch');
  }
});

test('messages of a writer with more fields and symbols are read by the present schema', () => {
  const schema = JSON.parse(schemaText(topics.appearances));
  schema.fields.push({ name: 'planted', type: ['null', 'string'], default: null });
  const clock = schema.fields.find((f: Field) => f.name === 'clock').type;
  clock.symbols.push('ntp');
  const text = JSON.stringify(schema);
  const writer = avro.Type.forSchema(schema, { wrapUnions: true });
  const random = writer.random() as unknown as Record<string, unknown>;
  const value = {
    ...random,
    clock: 'ntp',
    state: 'ended',
    startTime: 0,
    endTime: 1,
    planted: { string: 'x' },
  };
  const read = decode(topics.appearances, writer.toBuffer(value), writerSchema(topics.appearances, text));
  assert.equal(read.clock, 'arrival');
  assert.equal(read.state, 'ended');
  assert.equal(read.endTime, '1970-01-01T00:00:00.001Z');
  assert.ok(!('planted' in read));
});

test('a schema that cannot be read is a mismatch, and says so', () => {
  const schema = JSON.parse(schemaText(topics.appearances));
  schema.fields = schema.fields.filter((f: Field) => f.name !== 'label');
  for (const text of [JSON.stringify(schema), '{"type":"string"}', 'no JSON']) {
    assert.throws(
      () => writerSchema(topics.appearances, text),
      (error) => error instanceof LogowatchError && error.code === 'schema-mismatch',
    );
  }
});
