import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { TopicReader } from '../../src/bus/kafka/topic-reader.js';
import { topics } from '../../src/bus/topics.js';
import type { Appearance } from '../../src/core/appearance.js';
import type { ExposureDifference } from '../../src/exposure/difference.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { type CliResult, readEvents, startCli } from '../support/cli.js';
import { withoutKafka } from '../support/kafka.js';
import { ended, inOrder, KafkaStages, model } from '../support/kafka-stages.js';
import { until } from '../support/wait.js';

const CORNER = 'live';
const names = Object.values(topics).map(({ name }) => `${CORNER}.${name}`);

describe('replay of what Kafka holds', { skip: withoutKafka(), timeout: 600_000 }, () => {
  let kafka: KafkaStages;
  let admin: Admin;
  let live: Appearance[];
  /** Of a replay while the stages were at work. */
  let meanwhile: CliResult;

  /** A clip has gone through the stages, which have ended. */
  before(async () => {
    kafka = await KafkaStages.open();
    const stages = kafka.corner(CORNER);
    const running = [stages.start('infer'), stages.start('sink')];
    const source = await stages.start('ingest').ended;
    assert.equal(source.code, 0, source.stderr);
    await until('something has been seen', () => stages.seen().length > 0, 120_000);
    meanwhile = await replay('--from', '-1h', '--json', '--smoothing', 'minFrames=5');
    const isOver = () => stages.seen().length > 0 && openOf(stages.seen()) === 0;
    await until('the clip has been watched', () => isOver() && ended(stages.seen()) >= 4, 120_000);
    for (const { child } of running) child.kill('SIGTERM');
    await Promise.all(running.map((stage) => stage.ended));
    live = stages.seen();
    const client = new Kafka({ brokers: [kafka.broker.address], logLevel: logLevel.NOTHING });
    admin = client.admin();
    await admin.connect();
  });
  after(async () => {
    await admin?.disconnect();
    await kafka?.close();
  });

  const openOf = (events: readonly Appearance[]): number =>
    new Set(events.map(({ id }) => id)).size - ended(events);

  function replay(...args: readonly string[]): Promise<CliResult> {
    const all = ['replay', '-c', kafka.path(`${CORNER}.yaml`), ...args];
    return startCli(all, { env: { OPS_PORT: '0' } }).ended;
  }

  async function differences(...args: readonly string[]): Promise<ExposureDifference[]> {
    const { code, stdout, stderr } = await replay('--from', '-1h', '--json', ...args);
    assert.equal(code, 0, stderr);
    return (JSON.parse(stdout) as { difference: ExposureDifference[] }).difference;
  }

  /** Everything that replays must leave alone. */
  async function standing() {
    const offsets = await Promise.all(names.map((topic) => admin.fetchTopicOffsets(topic)));
    const { groups } = await admin.listGroups();
    const ids = groups.map(({ groupId }) => groupId).sort();
    const committed = await Promise.all(ids.map((groupId) => admin.fetchOffsets({ groupId })));
    return { offsets, ids, committed };
  }

  const without = (rows: readonly ExposureDifference[], key: 'differenceMs') => rows.map((row) => row[key]);

  it('ends by itself while the stages are at work', () => {
    assert.equal(meanwhile.code, 0, meanwhile.stderr);
    const { records, streams } = JSON.parse(meanwhile.stdout);
    assert.ok(records > 0 && records <= 152, `${records}`);
    assert.deepEqual(streams, ['clip']);
  });

  it('with the same settings shows no difference, from detections and from frames', async () => {
    const before = await standing();
    const file = kafka.path('same.jsonl');
    const detections = await differences('--smoothing', 'gapMs=1000', '-o', file);
    assert.ok(detections.length > 0);
    assert.ok(without(detections, 'differenceMs').every((ms) => ms === 0));
    assert.deepEqual(inOrder(readEvents(file)), inOrder(live));
    const again = kafka.path('frames.jsonl');
    const frames = await differences('--model', model, '-o', again);
    assert.deepEqual(frames, detections);
    assert.deepEqual(inOrder(readEvents(again)), inOrder(live));
    assert.deepEqual(await standing(), before);
  });

  it('with other settings prints what changes, and writes to a file and to topics of their own', async () => {
    const before = await standing();
    const file = kafka.path('strict.jsonl');
    const args = ['--from', '-1h', '--smoothing', 'minFrames=15', '-o', file, '--to-topics', 'strict'];
    const { code, stdout, stderr } = await replay(...args);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^stream +brand +seconds before +after +difference/);
    assert.match(stdout, /^clip .* -\d+\.\d /m);
    const events = readEvents(file);
    assert.ok(inOrder(events).length < inOrder(live).length);
    const openings = (of: readonly Appearance[]) => of.filter((e) => e.state === 'started');
    for (const late of openings(events)) {
      const early = openings(live).find(({ id }) => id === late.id);
      assert.ok(early !== undefined && late.endPtsMs > early.endPtsMs, 'it opens later');
    }
    const side = { brokers: [kafka.broker.address], prefix: `${CORNER}.strict.` };
    const reader = await TopicReader.open(side, new RecordingTelemetry());
    const range = await reader.range(topics.appearances, { fromMs: 0, toMs: Date.now() + 60_000 });
    const published: Appearance[] = [];
    for await (const { values } of reader.read(topics.appearances, range, { recordsMax: 8 }))
      published.push(...values);
    await reader.close();
    const ids = (of: readonly Appearance[]) => of.map((e) => `${e.id} ${e.revision}`);
    assert.deepEqual(ids(published), ids(events));
    assert.deepEqual(await standing(), before);
    for (const [option, name] of [
      ['-o', file],
      ['--to-topics', 'strict'],
    ] as const) {
      const again = await replay('--from', '-1h', '--smoothing', 'minFrames=15', option, name);
      assert.equal(again.code, 2, again.stderr);
    }
  });

  it('with another model shows what that one finds, beside its detections', async () => {
    const deaf = kafka.path('deaf');
    cpSync(model, deaf, { recursive: true });
    const path = join(deaf, 'model.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    const { label } = live[0]!;
    for (const brand of manifest.brands) if (brand.label === label) brand.threshold = 0.999999;
    writeFileSync(path, JSON.stringify(manifest));
    const rows = await differences('--model', deaf, '--to-topics', 'deaf');
    for (const row of rows) {
      if (row.label === label) assert.ok(row.differenceMs < 0, `${label} is heard`);
      else assert.equal(row.differenceMs, 0);
    }
    const found = await admin.fetchTopicOffsets(`${CORNER}.deaf.${topics.detections.name}`);
    assert.ok(found.some(({ high }) => Number(high) > 100));
    assert.ok((await admin.listTopics()).includes(`${CORNER}.deaf.${topics.appearances.name}`));
  });

  it('says what is wrong', async () => {
    const settings = ['--smoothing', 'minFrames=5'];
    const none = await replay('--from', '2020-01-01', '--to', '2020-01-02', ...settings);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /no detections in the range/);
    const stream = await replay('--from', '-1h', '--stream', 'nobody', ...settings);
    assert.match(stream.stderr, /Streams there: clip/);
    const unknown = await replay('--from', '-1h', '--model', kafka.path('nowhere'));
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /model folder does not exist/);
    const nothing = await replay('--from', '-1h');
    assert.equal(nothing.code, 2);
    assert.match(nothing.stderr, /Give --model/);
    const config = kafka.path('plain.yaml');
    writeFileSync(config, 'streams: []\n');
    const plain = await startCli(['replay', '-c', config, '--from', '-1h', ...settings]).ended;
    assert.equal(plain.code, 2);
    assert.match(plain.stderr, /bus\.kafka/);
  });

  it('compares with the config’s settings where it is told to, and where only detections are left', async () => {
    const settings = ['--smoothing', 'minFrames=15'];
    const expected = await differences(...settings);
    assert.ok(expected.some((row) => row.differenceMs < 0));
    assert.deepEqual(await differences(...settings, '--against', 'config'), expected);
    // As if they had grown too old: no test follows that needs them.
    await admin.deleteTopics({ topics: [`${CORNER}.${topics.appearances.name}`] });
    const { code, stdout, stderr } = await replay('--from', '-1h', '--json', ...settings);
    assert.equal(code, 0, stderr);
    const { against, difference } = JSON.parse(stdout);
    assert.deepEqual([against, difference], ['config', expected]);
  });

  it('stops at Ctrl-C', async () => {
    const output = kafka.path('stopped.jsonl');
    const args = ['--from', '-1h', '--model', model, '-o', output];
    const cli = startCli(['replay', '-c', kafka.path(`${CORNER}.yaml`), ...args], { env: { OPS_PORT: '0' } });
    await until('it is under way', () => existsSync(output) && readEvents(output).length > 0, 60_000);
    cli.child.kill('SIGINT');
    const { code, stderr } = await cli.ended;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /Stopped before the range was replayed/);
  });
});
