import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Appearance } from '../../src/core/appearance.js';
import type { EvidenceRecord } from '../../src/evidence/record.js';
import { lastRevisions, readEvents, runCli } from '../support/cli.js';
import { withoutKafka } from '../support/kafka.js';
import { ended, isOpenAndNew, KafkaStages, model } from '../support/kafka-stages.js';
import { freePort } from '../support/ports.js';
import { until } from '../support/wait.js';

const DONE_MS = 120_000;

describe('evidence of stages joined by Kafka', { skip: withoutKafka(), timeout: 600_000 }, () => {
  let kafka: KafkaStages;
  let count = 0;

  before(async () => {
    kafka = await KafkaStages.open();
    const events = kafka.path('in-process.jsonl');
    const watched = await runCli('watch', kafka.clip, '--model', model, '--events', events);
    assert.equal(watched.code, 0, watched.stderr);
    count = lastRevisions(readEvents(events)).length;
    assert.ok(count >= 4);
  });
  after(() => kafka?.close());

  const corner = (name: string) => {
    const folder = kafka.path(`${name}-evidence`);
    const more = [`evidence: { path: "${folder}", clip: { maxSeconds: 6 } }`];
    const stages = kafka.corner(name, { more });
    const kept = (): EvidenceRecord[] =>
      (existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [])
        .filter((path) => /^\d.*evidence\.json$/.test(path))
        .map((path) => JSON.parse(readFileSync(join(folder, path), 'utf8')));
    return { stages, kept };
  };

  const ingested = async (stages: ReturnType<KafkaStages['corner']>) => {
    const source = await stages.start('ingest').ended;
    assert.equal(source.code, 0, source.stderr);
  };

  const ready = async (port: number) => {
    const asked = () => fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    for (const end = performance.now() + DONE_MS; performance.now() < end; await sleep(200))
      if ((await asked())?.status === 200) return;
    assert.fail('it is not ready');
  };

  /** Each is of an appearance that is committed and over, with a frame of it. */
  const assertOf = (kept: readonly EvidenceRecord[], published: readonly Appearance[]) => {
    const last = lastRevisions(published);
    for (const { appearanceId, label, startTime, endTime, modelHash, frame } of kept) {
      const event = last.find(({ id }) => id === appearanceId);
      assert.ok(event !== undefined && event.state === 'ended', `${appearanceId} is not committed`);
      const facts = { label, startTime, endTime, modelHash };
      assert.deepEqual({ ...event, ...facts }, event);
      assert.ok(event.startPtsMs <= frame.ptsMs && frame.ptsMs <= event.endPtsMs);
    }
  };

  it('is kept of every appearance, whichever process ends it', async () => {
    const { stages, kept } = corner('two');
    const ports = [await freePort('tcp'), await freePort('tcp')];
    const infers = ports.map((port) => stages.start('infer', port));
    for (const port of ports) await ready(port);
    stages.start('sink');
    await ingested(stages);
    await until('every appearance has ended', () => ended(stages.seen()) >= count, DONE_MS);
    const clips = () => kept().filter(({ clip }) => clip !== undefined);
    await until('each has its evidence', () => kept().length >= count && clips().length >= count, 30_000);
    for (const { child } of infers) child.kill('SIGTERM');
    for (const { code, stderr } of await Promise.all(infers.map((s) => s.ended)))
      assert.equal(code, 0, stderr);
    const published = await stages.published();
    assertOf(kept(), published);
    const ids = new Set(kept().map(({ appearanceId }) => appearanceId));
    assert.equal(ids.size, new Set(published.map(({ id }) => id)).size);
  });

  it('a stage that is killed leaves evidence of nothing that is not committed', async () => {
    const { stages, kept } = corner('killed');
    stages.start('sink');
    await ingested(stages);
    let kills = 0;
    for (; kills < 2; kills++) {
      const stage = stages.start('infer');
      const before = stages.seen().length;
      await until('something is new and open', () => isOpenAndNew(stages.seen(), before), DONE_MS);
      stage.child.kill('SIGKILL');
      await stage.ended;
      const seenBy = await stages.published();
      assertOf(kept(), seenBy);
    }
    const last = stages.start('infer');
    await until('every appearance has ended', () => ended(stages.seen()) >= count, DONE_MS);
    last.child.kill('SIGTERM');
    assert.equal((await last.ended).code, 0);
    assert.ok(kept().length > 0);
    assertOf(kept(), await stages.published());
  });
});
