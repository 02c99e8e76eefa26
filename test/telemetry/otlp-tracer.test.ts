import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTracer } from '../../src/telemetry/open-tracer.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import type { Tracer } from '../../src/telemetry/tracer.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = { traceparent: `00-${TRACE}-b7ad6b7169203331-01`, tracestate: 'vendor=x' };

async function tracing<T>(
  settings: { ratio: number; deaf?: boolean },
  use: (made: { tracer: Tracer; receiver: OtlpReceiver; telemetry: RecordingTelemetry }) => Promise<T>,
): Promise<T> {
  const receiver = await OtlpReceiver.start({ deaf: settings.deaf ?? false });
  const telemetry = new RecordingTelemetry();
  const tracer = await openTracer({ endpoint: receiver.url, ratio: settings.ratio }, telemetry);
  assert.ok(tracer);
  try {
    return await use({ tracer, receiver, telemetry });
  } finally {
    await receiver.stop();
  }
}

const dropped = (telemetry: RecordingTelemetry) =>
  telemetry.events.reduce((sum, e) => sum + (e.type === 'spans-dropped' ? e.count : 0), 0);

test('without a ratio nothing is opened', async () => {
  assert.equal(await openTracer(undefined, new RecordingTelemetry()), undefined);
  assert.equal(await openTracer({ ratio: 0 }, new RecordingTelemetry()), undefined);
});

test('a trace goes on through headers, with its state and its links', () =>
  tracing({ ratio: 1 }, async ({ tracer, receiver, telemetry }) => {
    const first = tracer.follow(PARENT, 'first', { kind: 'consumer', attributes: { a: 1 } });
    const second = tracer.follow(first?.headers, 'second', { startMs: 1_700_000_000_000, links: [PARENT] });
    second?.end('broken by rtsp://u:hunter2@h/x');
    first?.end();
    await tracer.close();
    const [one, two] = [receiver.named('first')[0]!, receiver.named('second')[0]!];
    assert.deepEqual(
      [one.traceId, one.parentSpanId, one.kind, one.attributes],
      [TRACE, 'b7ad6b7169203331', 5, { a: 1 }],
    );
    assert.deepEqual([two.traceId, two.parentSpanId], [TRACE, one.spanId]);
    assert.deepEqual(
      two.links.map(({ traceId, spanId }) => [traceId, spanId]),
      [[TRACE, 'b7ad6b7169203331']],
    );
    assert.equal(first?.headers.tracestate, 'vendor=x');
    assert.doesNotMatch(JSON.stringify(receiver.spans), /hunter2/);
    assert.equal(dropped(telemetry), 0);
  }));

test('what carries no trace, or one that is not recorded, starts nothing', () =>
  tracing({ ratio: 1 }, async ({ tracer, receiver }) => {
    const unsampled = { traceparent: PARENT.traceparent.replace(/01$/, '00') };
    for (const headers of [undefined, {}, { traceparent: 'nonsense' }, unsampled])
      assert.equal(tracer.follow(headers, 'x'), undefined);
    await tracer.close();
    assert.equal(receiver.requests, 0);
  }));

test('the ratio says how many traces begin', () =>
  tracing({ ratio: 0.2 }, async ({ tracer }) => {
    const begun = Array.from({ length: 2000 }, () => tracer.begin('x')).filter((s) => s !== undefined);
    assert.ok(begun.length > 300 && begun.length < 500, `${begun.length} of 2000`);
    await tracer.close();
  }));

test('a receiver that does not answer costs spans, which are counted, and three seconds at the end', () =>
  tracing({ ratio: 1, deaf: true }, async ({ tracer, telemetry }) => {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 20_000; i++) tracer.begin('x')?.end();
    assert.ok(dropped(telemetry) > 15_000, `${dropped(telemetry)} dropped`);
    assert.ok(process.memoryUsage().heapUsed - before < 64 << 20);
    const stopped = performance.now();
    await tracer.close();
    assert.ok(performance.now() - stopped < 6_000);
    assert.equal(dropped(telemetry), 20_000);
  }));

test('a receiver that is not there is the same', async () => {
  const telemetry = new RecordingTelemetry();
  const tracer = await openTracer({ endpoint: 'http://127.0.0.1:1', ratio: 1 }, telemetry);
  for (let i = 0; i < 10; i++) tracer?.begin('x')?.end();
  const stopped = performance.now();
  await tracer?.close();
  assert.ok(performance.now() - stopped < 6_000);
  assert.equal(dropped(telemetry), 10);
});
