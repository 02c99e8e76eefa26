import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Appearance } from '../../src/core/appearance.js';
import { useShippedFonts } from '../../src/core/fonts.js';
import { repoRoot } from '../../src/core/root.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import { lastRevisions, type RunningCli, readEvents, runCli, startCli } from '../support/cli.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { TestBroker, withoutKafka } from '../support/kafka.js';
import { until } from '../support/wait.js';

const model = join(repoRoot(), 'models', 'demo');
const SECONDS = 30;

/** What counts of an appearance, whatever session it was seen in. */
const shown = ({ label, startPtsMs, endPtsMs, exposureMs, state, revision }: Appearance) => ({
  label,
  startPtsMs,
  endPtsMs,
  exposureMs,
  state,
  revision,
});
const inOrder = (events: readonly Appearance[]) =>
  lastRevisions(events)
    .map(shown)
    .sort((a, b) => a.startPtsMs - b.startPtsMs || (a.label < b.label ? -1 : 1));

describe('stages joined by Kafka', { skip: withoutKafka(), timeout: 400_000 }, () => {
  let broker: TestBroker;
  let folder: string;
  let expected: ReturnType<typeof inOrder>;
  /** What came of it without any disturbance. */
  let onKafka: ReturnType<typeof inOrder>;
  const running: RunningCli[] = [];
  const at = (name: string) => join(folder, name);

  /** A config of a cluster's corner of its own, and how to start its stages. */
  function cluster(name: string) {
    const config = at(`${name}.yaml`);
    const events = at(`${name}.jsonl`);
    writeFileSync(
      config,
      [
        `model: ${model}`,
        `bus: { kafka: { brokers: ["${broker.address}"], prefix: ${name}., partitions: 3, sessionTimeoutMs: 6000 } }`,
        `streams: [{ id: clip, url: "${at('clip.mp4')}" }]`,
        `sinks: [{ type: jsonl, path: "${events}" }]`,
      ].join('\n'),
    );
    const start = (stage: string): RunningCli => {
      const cli = startCli([stage, '-c', config]);
      running.push(cli);
      return cli;
    };
    const seen = (): Appearance[] => (existsSync(events) ? readEvents(events) : []);
    return { start, seen };
  }

  before(async () => {
    useShippedFonts();
    folder = mkdtempSync(join(tmpdir(), 'logowatch-kafka-e2e-'));
    const ffmpeg = await npmFfmpeg();
    const output = at('clip.mp4');
    await composeBroadcast({ ffmpegPath: ffmpeg.path, seed: 5, seconds: SECONDS, output });
    const inProcess = at('in-process.jsonl');
    const watched = await runCli('watch', output, '--model', model, '--events', inProcess);
    assert.equal(watched.code, 0, watched.stderr);
    expected = inOrder(readEvents(inProcess));
    assert.ok(expected.length >= 4, 'too little is shown to compare');
    broker = await TestBroker.start();
  });
  after(async () => {
    for (const { child } of running) child.kill('SIGKILL');
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const allEnded = (events: readonly Appearance[]) =>
    events.filter((e) => e.state === 'ended').length >= expected.length;

  it('ingest, infer and sink in processes of their own say what one process says, and stop within 10 s', async () => {
    const { start, seen } = cluster('plain');
    const stages = [start('infer'), start('sink')];
    const source = await start('ingest').ended;
    assert.equal(source.code, 0, source.stderr);
    await until('every appearance has ended', () => allEnded(seen()), 90_000);
    const found = inOrder(seen());
    // Frames travel as JPEG, which may move a start or an end by a sampled frame or two.
    const near = (a: number, b: number) => Math.abs(a - b) <= 400;
    found.forEach((f, i) => {
      const e = expected[i]!;
      assert.equal(f.label, e.label);
      assert.ok(near(f.startPtsMs, e.startPtsMs) && near(f.endPtsMs, e.endPtsMs), JSON.stringify({ f, e }));
    });
    onKafka = found;
    const stopped = performance.now();
    for (const { child } of stages) child.kill('SIGTERM');
    const results = await Promise.all(stages.map((s) => s.ended));
    assert.deepEqual(
      results.map((r) => r.code),
      [0, 0],
      results.map((r) => r.stderr).join('\n'),
    );
    assert.ok(performance.now() - stopped < 10_000);
  });

  it('a stage killed while an appearance is open loses, doubles and splits nothing', async () => {
    const { start, seen } = cluster('killed');
    start('sink');
    const source = await start('ingest').ended;
    assert.equal(source.code, 0, source.stderr);
    let kills = 0;
    for (;;) {
      const stage = start('infer');
      const before = seen().length;
      const open = () => {
        const last = lastRevisions(seen());
        return seen().length > before && last.some((e) => e.state !== 'ended');
      };
      await until('something is new and open, or all is done', () => open() || allEnded(seen()), 120_000);
      if (allEnded(seen())) break;
      if (kills === 3) {
        await until('every appearance has ended', () => allEnded(seen()), 120_000);
        break;
      }
      stage.child.kill('SIGKILL');
      await stage.ended;
      kills++;
    }
    assert.ok(kills >= 2, `${kills} kills`);
    assert.deepEqual(inOrder(seen()), onKafka);
    // The events themselves, not only the last of each: none is there twice, none is missing.
    const names = seen().map((e) => `${e.id} ${e.revision}`);
    assert.equal(new Set(names).size, names.length);
    for (const { id, revision } of lastRevisions(seen()))
      assert.equal(names.filter((n) => n.startsWith(id)).length, revision + 1);
  });
});
