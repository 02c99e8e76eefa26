import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { withoutKafka } from '../support/kafka.js';
import { isOpenAndNew, KafkaStages } from '../support/kafka-stages.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { freePort } from '../support/ports.js';
import { until } from '../support/wait.js';

const DONE_MS = 120_000;
// Not all at the end: a process waits for its last spans no longer than three seconds.
process.env.OTEL_BSP_SCHEDULE_DELAY = '500';
const WAY = ['sample', 'publish frames', 'detect', 'smooth', 'deliver'];

describe('traces of stages joined by Kafka', { skip: withoutKafka(), timeout: 400_000 }, () => {
  let kafka: KafkaStages;
  before(async () => {
    kafka = await KafkaStages.open();
  });
  after(() => kafka?.close());

  const tracing = (url: string) => [`tracing: { endpoint: "${url}", ratio: 1 }`];
  const isDone = (seen: ReturnType<ReturnType<KafkaStages['corner']>['seen']>) =>
    seen.some((e) => e.state === 'ended') && !isOpenAndNew(seen, 0);

  it('one trace leads from a frame to its event in the sink, through three processes', async (t) => {
    const receiver = await OtlpReceiver.start();
    t.after(() => receiver.stop());
    const stages = kafka.corner('traced', { more: tracing(receiver.url) });
    const running = [stages.start('infer'), stages.start('sink')];
    const source = await stages.start('ingest').ended;
    assert.equal(source.code, 0, source.stderr);
    await until('appearances have ended', () => isDone(stages.seen()), DONE_MS);
    const delivered = () => receiver.named('deliver').length >= stages.seen().length;
    await until('every delivery is told', delivered, DONE_MS);
    for (const { child } of running) child.kill('SIGTERM');
    await Promise.all(running.map((s) => s.ended));

    const events = stages.seen();
    const deliveries = receiver.named('deliver');
    assert.ok(deliveries.length >= events.length, `${deliveries.length} of ${events.length}`);
    for (const { id } of events.filter((e) => e.state === 'started')) {
      const ofId = receiver.named('smooth').filter((s) => s.attributes['logowatch.appearance.id'] === id);
      const opening = ofId.find((s) => s.attributes['logowatch.appearance.state'] === 'started')!;
      const delivery = deliveries.find((s) => s.parentSpanId === opening.spanId)!;
      const way = receiver.wayTo(delivery);
      assert.deepEqual(
        way.map((s) => s.name),
        WAY,
      );
      assert.equal(new Set(way.map((s) => s.resource['process.pid'])).size, 3);
      // Later revisions come of other frames, and link the one that opened it.
      for (const later of ofId.filter((s) => s !== opening && s.traceId !== opening.traceId))
        assert.equal(later.links[0]?.traceId, opening.traceId);
    }

    const reader = new Kafka({ brokers: [kafka.broker.address], logLevel: logLevel.NOTHING }).consumer({
      groupId: 'tracing-test',
    });
    const seen: Record<string, string>[] = [];
    await reader.connect();
    await reader.subscribe({ topics: ['traced.appearances'], fromBeginning: true });
    await reader.run({
      eachMessage: async ({ message }) => {
        const { traceparent, ce_traceparent } = message.headers ?? {};
        if (message.value !== null)
          seen.push({ traceparent: String(traceparent), extension: String(ce_traceparent) });
      },
    });
    await until('events are read', () => seen.length >= events.length);
    await reader.disconnect();
    for (const { traceparent, extension } of seen) {
      assert.match(traceparent!, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      assert.equal(extension, traceparent);
    }
  });

  it('a receiver that answers nothing costs no frame, and no time at the stop', async (t) => {
    const deaf = await OtlpReceiver.start({ deaf: true });
    t.after(() => deaf.stop());
    const stages = kafka.corner('deaf', { more: tracing(deaf.url) });
    const port = await freePort('tcp');
    const running = [stages.start('infer', port), stages.start('sink')];
    const source = await stages.start('ingest').ended;
    assert.equal(source.code, 0, source.stderr);
    const deadline = performance.now() + DONE_MS;
    const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    while (!/^logowatch_frames_inferred_total\{stream="clip"\} 150$/m.test(await metrics())) {
      assert.ok(performance.now() < deadline, await metrics());
      await sleep(500);
    }
    await until('spans were sent', () => deaf.requests > 0);
    const stopped = performance.now();
    for (const { child } of running) child.kill('SIGTERM');
    const results = await Promise.all(running.map((s) => s.ended));
    assert.ok(performance.now() - stopped < 10_000, `${performance.now() - stopped} ms`);
    assert.deepEqual(
      results.map((r) => r.code),
      [0, 0],
    );
  });
});
