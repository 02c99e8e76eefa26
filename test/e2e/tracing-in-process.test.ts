import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBus } from '../../src/bus/memory.js';
import { topics } from '../../src/bus/topics.js';
import type { FrameRecord } from '../../src/core/frame.js';
import type { Detector, DetectorImage } from '../../src/infer/detector.js';
import { runInference, runSmoothing } from '../../src/infer/flow.js';
import { SessionPublisher } from '../../src/ingest/session-publisher.js';
import { runSinks } from '../../src/sink/run.js';
import { createWebhook } from '../../src/sink/sinks/webhook.js';
import { openTracer } from '../../src/telemetry/open-tracer.js';
import { StatsTelemetry } from '../../src/telemetry/stats.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { startReceiver } from '../sink/receiver.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';

const FRAMES = 30;
const LAST_TRACED = 20;
const [WIDTH, HEIGHT] = [16, 9];
const content = { x: 0, y: 0, width: WIDTH, height: HEIGHT };

const detector: Detector = {
  model: { id: 'sure', hash: 'h', labels: ['light'], inputs: [], engine: 'test' },
  detect: async (images: readonly DetectorImage[]) =>
    images.map(() => [{ label: 'light', score: 0.99, llr: 9, confident: true, box: [0.1, 0.1, 0.2, 0.2] }]),
  close: async () => undefined,
};

test('in one process a trace leads from a frame to the webhook; an event of an untraced frame goes on with the opening one', async () => {
  const [traces, hooks] = [await OtlpReceiver.start(), await startReceiver()];
  const tracer = await openTracer({ endpoint: traces.url, ratio: 1 }, new RecordingTelemetry());
  const telemetry = new StatsTelemetry(new RecordingTelemetry(), tracer);
  const bus = new MemoryBus({ telemetry });
  const signal = new AbortController().signal;
  const sinks = [await createWebhook({ url: hooks.url }, { telemetry })];
  const stages = [
    runSinks({ bus, sinks, telemetry, signal }),
    runSmoothing({ bus, telemetry }),
    runInference({ bus, detector, telemetry }),
  ];
  const publisher = (tracing: boolean) =>
    new SessionPublisher({
      ...{ streamId: 'news', session: 's', source: 'x', live: false, bus, lateMsMax: 5_000, now: Date.now },
      telemetry: tracing ? telemetry : new RecordingTelemetry(),
    });
  const data = new Uint8Array(WIDTH * HEIGHT * 3).fill(200);
  const [traced, untraced] = [publisher(true), publisher(false)];
  for (let index = 0; index < FRAMES; index++)
    await (index <= LAST_TRACED ? traced : untraced).frame({
      ...{
        index,
        ptsUs: index * 200_000,
        arrivalMs: Date.now(),
        width: WIDTH,
        height: HEIGHT,
        content,
        data,
      },
    });
  await untraced.closed('ended', true);
  await bus.end(topics.frames);
  await Promise.all(stages);
  await tracer?.close();
  await Promise.all([traces.stop(), hooks.close()]);

  const smooth = (state: string) =>
    traces.named('smooth').find((s) => s.attributes['logowatch.appearance.state'] === state)!;
  const [started, ended] = [smooth('started'), smooth('ended')];
  const deliveries = [started, ended].map(
    (s) => traces.named('deliver').find((d) => d.parentSpanId === s.spanId)!,
  );
  assert.deepEqual(
    traces.wayTo(deliveries[0]!).map((s) => s.name),
    ['sample', 'publish frames', 'detect', 'smooth', 'deliver'],
  );
  assert.equal(ended.traceId, started.traceId);
  assert.equal(traces.named('sample').length, LAST_TRACED + 1);
  assert.deepEqual(
    hooks.accepted.map(({ headers }) => headers.traceparent),
    deliveries.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
  );
  for (const { headers, event } of hooks.accepted)
    assert.equal((event as unknown as { traceparent: string }).traceparent, headers.traceparent);
});

test('without a tracer no record carries a header', async () => {
  const bus = new MemoryBus();
  const telemetry = new RecordingTelemetry();
  const options = {
    streamId: 'news',
    session: 's',
    source: 'x',
    live: false,
    lateMsMax: 5_000,
    now: Date.now,
  };
  const publisher = new SessionPublisher({ ...options, bus, telemetry });
  const size = { width: 1, height: 1, content: { x: 0, y: 0, width: 1, height: 1 } };
  await publisher.frame({ index: 0, ptsUs: 0, arrivalMs: 0, ...size, data: new Uint8Array(3) });
  await bus.end(topics.frames);
  const records: { value: FrameRecord; headers?: unknown }[] = [];
  for await (const batch of bus.subscribe(topics.frames, { group: 'g', maxRecords: 9 }))
    records.push(...batch.records);
  assert.deepEqual(
    records.map(({ value, headers }) => [value.kind, headers]),
    [
      ['session-opened', undefined],
      ['frame', undefined],
    ],
  );
});
