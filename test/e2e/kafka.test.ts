import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Appearance } from '../../src/core/appearance.js';
import { readEvents, runCli } from '../support/cli.js';
import { withoutKafka } from '../support/kafka.js';
import {
  assertUndisturbed,
  ended,
  inOrder,
  isOpenAndNew,
  KafkaStages,
  model,
  type Shown,
} from '../support/kafka-stages.js';
import { freePort } from '../support/ports.js';
import { until } from '../support/wait.js';

const DONE_MS = 120_000;

describe('stages joined by Kafka', { skip: withoutKafka(), timeout: 600_000 }, () => {
  let kafka: KafkaStages;
  let expected: Shown[];
  /** What came of it without any disturbance. */
  let undisturbed: Shown[];

  before(async () => {
    kafka = await KafkaStages.open();
    const events = kafka.path('in-process.jsonl');
    const watched = await runCli('watch', kafka.clip, '--model', model, '--events', events);
    assert.equal(watched.code, 0, watched.stderr);
    expected = inOrder(readEvents(events));
    assert.ok(expected.length >= 4, 'too little is shown to compare');
  });
  after(() => kafka?.close());

  const allEnded = (events: readonly Appearance[]) => ended(events) >= expected.length;
  const finished = (seen: () => Appearance[]) =>
    until('every appearance has ended', () => allEnded(seen()), DONE_MS);

  async function fill(stages: ReturnType<KafkaStages['corner']>): Promise<void> {
    const source = await stages.start('ingest').ended;
    assert.equal(source.code, 0, source.stderr);
  }

  it('say what one process says, and stop within 10 s', async () => {
    const stages = kafka.corner('plain');
    const port = await freePort('tcp');
    const running = [stages.start('infer', port), stages.start('sink')];
    await fill(stages);
    await finished(stages.seen);
    const ops = `http://127.0.0.1:${port}`;
    const ready = await fetch(`${ops}/readyz`);
    assert.deepEqual(
      [ready.status, await ready.json()],
      [200, { status: 'ready', checks: { started: true, bus: true } }],
    );
    const metrics = await (await fetch(`${ops}/metrics`)).text();
    assert.match(metrics, /^logowatch_frames_inferred_total\{stream="clip"\} 150$/m);
    undisturbed = inOrder(stages.seen());
    // Frames travel as JPEG, which may move a start or an end by a sampled frame or two.
    const near = (a: number, b: number) => Math.abs(a - b) <= 400;
    undisturbed.forEach((f, i) => {
      const e = expected[i]!;
      assert.equal(f.label, e.label);
      assert.ok(near(f.startPtsMs, e.startPtsMs) && near(f.endPtsMs, e.endPtsMs), JSON.stringify({ f, e }));
    });
    const stopped = performance.now();
    for (const { child } of running) child.kill('SIGTERM');
    const results = await Promise.all(running.map((s) => s.ended));
    assert.deepEqual(
      results.map((r) => r.code),
      [0, 0],
      results.map((r) => r.stderr).join('\n'),
    );
    assert.ok(performance.now() - stopped < 10_000);
  });

  it('a stage killed while an appearance is open loses, doubles and splits nothing', async () => {
    const stages = kafka.corner('killed');
    stages.start('sink');
    await fill(stages);
    let kills = 0;
    for (; kills < 3; kills++) {
      const stage = stages.start('infer');
      const before = stages.seen().length;
      await until(
        'something is new and open, or all is done',
        () => isOpenAndNew(stages.seen(), before) || allEnded(stages.seen()),
        DONE_MS,
      );
      if (allEnded(stages.seen())) break;
      stage.child.kill('SIGKILL');
      await stage.ended;
    }
    assert.ok(kills >= 2, `${kills} kills`);
    stages.start('infer');
    await finished(stages.seen);
    await assertUndisturbed(stages, undisturbed);
  });

  it('a stage taken for dead that comes back changes nothing', async () => {
    const stages = kafka.corner('zombie');
    stages.start('sink');
    await fill(stages);
    const zombie = stages.start('infer');
    await until('an appearance is open', () => isOpenAndNew(stages.seen(), 0), DONE_MS);
    zombie.child.kill('SIGSTOP');
    const before = stages.seen().length;
    stages.start('infer');
    await until('the heir has gone on', () => stages.seen().length > before, DONE_MS);
    zombie.child.kill('SIGCONT');
    await finished(stages.seen);
    await assertUndisturbed(stages, undisturbed);
  });

  it('a broker killed while an appearance is open, and started again, costs nothing', async () => {
    const stages = kafka.corner('broker');
    stages.start('sink');
    await fill(stages);
    stages.start('infer');
    await until('an appearance is open', () => isOpenAndNew(stages.seen(), 0), DONE_MS);
    await kafka.broker.kill();
    await kafka.broker.up();
    await finished(stages.seen);
    await assertUndisturbed(stages, undisturbed);
  });

  it('stages stop within 10 s although the cluster is gone', async () => {
    const stages = kafka.corner('gone');
    const running = [stages.start('infer'), stages.start('sink'), stages.start('ingest')];
    await until('frames are on their way', () => stages.seen().length > 0, DONE_MS);
    await kafka.broker.kill();
    await sleep(2_000);
    const stopped = performance.now();
    for (const { child } of running) child.kill('SIGTERM');
    const results = await Promise.all(running.map((s) => s.ended));
    const seconds = (performance.now() - stopped) / 1000;
    assert.ok(seconds < 10, `${seconds} s`);
    for (const { code, stderr } of results) assert.notEqual(code, null, stderr);
  });
});
