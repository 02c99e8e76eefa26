import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutgoingRecord } from '../../src/bus/bus.js';
import { MemoryBus } from '../../src/bus/memory.js';
import { topics } from '../../src/bus/topics.js';
import type { Appearance } from '../../src/core/appearance.js';
import type { DetectionRecord, FrameDetections } from '../../src/core/detection.js';
import { LogowatchError } from '../../src/core/errors.js';
import type { Frame, FrameRecord } from '../../src/core/frame.js';
import type { Detector, DetectorImage } from '../../src/infer/detector.js';
import { type InferenceFlowOptions, runInference, runSmoothing } from '../../src/infer/flow.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { marbles, spans } from './temporal-marbles.js';

const WIDTH = 16;
const HEIGHT = 9;
const content = { x: 0, y: 0, width: WIDTH, height: HEIGHT };

function frame(streamId: string, seq: number, level = 100, width = WIDTH): OutgoingRecord<FrameRecord> {
  const position = {
    streamId,
    session: 's',
    ptsUs: seq * 200_000,
    wallTimeMs: seq * 200,
    clock: 'file' as const,
  };
  const data = new Uint8Array(width * HEIGHT * 3).fill(level);
  const size = { width, height: HEIGHT, content, format: 'rgb24' as const, data };
  const value: Frame = { ...position, kind: 'frame', seq, arrivalMs: 1000, live: false, ...size };
  return { key: streamId, value };
}

function opened(streamId: string): OutgoingRecord<FrameRecord> {
  const at = { streamId, session: 's', ptsUs: 0, wallTimeMs: 0, clock: 'file' as const };
  return { key: streamId, value: { kind: 'session-opened', ...at } };
}

/** Finds its one brand in every picture, as sure as the picture is bright. */
class BrightnessDetector implements Detector {
  readonly model = { id: 'bright', hash: 'h', labels: ['light'], inputs: [], engine: 'test' };
  readonly batches: DetectorImage[][] = [];
  underWay = 0;
  underWayMax = 0;
  closed = false;
  readonly #delayMs: (batch: number) => number;
  /** Throws for the pictures it is given. */
  readonly #refuses: (image: DetectorImage, call: number) => boolean;

  constructor(
    delayMs: (batch: number) => number = () => 0,
    refuses: (image: DetectorImage, call: number) => boolean = () => false,
  ) {
    this.#delayMs = delayMs;
    this.#refuses = refuses;
  }

  async detect(images: readonly DetectorImage[]) {
    this.batches.push([...images]);
    const call = this.batches.length;
    this.underWay++;
    this.underWayMax = Math.max(this.underWayMax, this.underWay);
    await sleep(this.#delayMs(call));
    this.underWay--;
    if (images.some((image) => this.#refuses(image, call))) throw new Error('refused');
    const box = [0, 0, 1, 1] as const;
    return images.map(({ data }) => [
      { label: 'light', score: data[0]! / 255, llr: 1, confident: true, box },
    ]);
  }

  async close() {
    this.closed = true;
  }
}

async function infer(
  records: readonly OutgoingRecord<FrameRecord>[],
  detector: Detector,
  options: Partial<InferenceFlowOptions> = {},
) {
  const telemetry = new RecordingTelemetry();
  const bus = new MemoryBus({ capacity: 8, telemetry });
  const results: OutgoingRecord<DetectionRecord>[] = [];
  const reading = (async () => {
    for await (const batch of bus.subscribe(topics.detections, { group: 'out', maxRecords: 3 })) {
      results.push(...batch.records);
      await batch.commit();
    }
  })();
  const sending = (async () => {
    for (const record of records) await bus.send(topics.frames, [record]);
    await bus.end(topics.frames);
  })().catch(() => {});
  let failure: unknown;
  await runInference({ bus, detector, telemetry, options: { now: () => 1234, ...options } }).catch(
    (error) => {
      failure = error;
    },
  );
  await reading;
  await bus.close();
  await sending;
  const describe = ({ value }: OutgoingRecord<DetectionRecord>) =>
    value.kind === 'detections' ? `${value.seq}` : value.kind;
  const of = (key: string) => results.filter((r) => r.key === key).map(describe);
  return { results, of, telemetry, failure };
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

test('each stream keeps its order, facts stay in their place, whatever batch is done first', async () => {
  const detector = new BrightnessDetector((call) => (call % 3 === 1 ? 12 : 1));
  const records = range(30).flatMap((i) => [
    ...(i % 10 === 0 ? [opened('a')] : []),
    frame('a', i),
    frame('b', i, 100, 32),
  ]);
  for (const waitMsMax of [0, 3]) {
    const { of } = await infer(records, detector, { waitMsMax });
    const expected = range(30).flatMap((i) => (i % 10 === 0 ? ['session-opened', `${i}`] : [`${i}`]));
    assert.deepEqual(of('a'), expected);
    assert.deepEqual(
      of('b'),
      range(30).map((i) => `${i}`),
    );
  }
  assert.ok(detector.underWayMax <= 2, `${detector.underWayMax} batches at once`);
  assert.ok(detector.batches.every((b) => b.length <= 4 && new Set(b.map((i) => i.width)).size === 1));
  assert.ok(detector.batches.some((b) => b.length > 1));
});

test('a record holds all that later stages need', async () => {
  const { results, telemetry } = await infer([frame('a', 3, 51)], new BrightnessDetector());
  const { seq, ptsUs, ageMs, shotCut, modelId, detections, ...rest } = results[0]!.value as FrameDetections;
  assert.deepEqual(
    { seq, ptsUs, ageMs, shotCut, modelId },
    { seq: 3, ptsUs: 600_000, ageMs: 234, shotCut: false, modelId: 'bright' },
  );
  assert.deepEqual(detections, [{ label: 'light', score: 0.2, llr: 1, confident: true, box: [0, 0, 1, 1] }]);
  assert.ok(!('data' in rest));
  const inferred = { type: 'frames-inferred', streamId: 'a', count: 1, ageMs: 234 };
  assert.deepEqual(
    telemetry.events.find((e) => e.type === 'frames-inferred'),
    inferred,
  );
});

test('pictures of a still scene without a logo cost one look a second, and each has its record', async () => {
  const detector = new BrightnessDetector();
  const { results, telemetry } = await infer(
    range(20).map((i) => frame('a', i, 5)),
    detector,
    { inFlightMax: 1, batchMax: 1 },
  );
  assert.equal(detector.batches.length, 4);
  const found = results.map(({ value }) => value as FrameDetections);
  assert.deepEqual(
    found.map(({ seq }) => seq),
    range(20),
  );
  assert.ok(found.every(({ detections }) => detections.length === 1 && detections[0]!.score === 5 / 255));
  assert.equal(telemetry.events.filter((e) => e.type === 'frames-still').length, 16);
});

test('weak candidates are asked for', async () => {
  const seen: unknown[] = [];
  const detector = new BrightnessDetector();
  const asking: Detector = {
    model: detector.model,
    detect: (images, options) => {
      seen.push(options);
      return detector.detect(images);
    },
    close: () => detector.close(),
  };
  await infer([frame('a', 0)], asking, { minScore: 0.03 });
  assert.deepEqual(seen, [{ minScore: 0.03 }]);
});

test('a refused picture is tried once more, then counted; its neighbours and its stream go on', async () => {
  const detector = new BrightnessDetector(undefined, ({ data }) => data[0] === 13);
  const records = range(12).map((i) => frame(i % 2 ? 'a' : 'b', i, i === 5 ? 13 : 100));
  const { of, telemetry, failure } = await infer(records, detector);
  assert.equal(failure, undefined);
  assert.deepEqual(of('a'), ['1', '3', '7', '9', '11']);
  assert.equal(of('b').length, 6);
  assert.equal(telemetry.events.filter((e) => e.type === 'record-rejected').length, 1);
});

test('a detector that stumbles once loses nothing', async () => {
  const detector = new BrightnessDetector(undefined, (_, call) => call === 2);
  const { of, telemetry } = await infer(
    range(12).map((i) => frame('a', i)),
    detector,
  );
  assert.equal(of('a').length, 12);
  assert.equal(telemetry.events.filter((e) => e.type === 'record-rejected').length, 0);
});

test('a detector that refuses everything fails the stage, and the next stage ends', async () => {
  const detector = new BrightnessDetector(undefined, () => true);
  const { failure, of } = await infer(
    range(60).map((i) => frame('a', i)),
    detector,
    { failuresMax: 20 },
  );
  assert.ok(failure instanceof LogowatchError);
  assert.equal(failure.code, 'engine-unavailable');
  assert.deepEqual(of('a'), []);
});

test('a frame whose pixels do not fit its size is refused before the detector sees it', async () => {
  const bad = frame('a', 1);
  const value = { ...(bad.value as Frame), data: new Uint8Array(5) };
  const detector = new BrightnessDetector();
  const { of, telemetry } = await infer([frame('a', 0), { ...bad, value }, frame('a', 2)], detector);
  assert.deepEqual(of('a'), ['0', '2']);
  assert.equal(telemetry.events.filter((e) => e.type === 'record-rejected').length, 1);
});

test('an abort ends the stage although the next one does not read', async () => {
  const abort = new AbortController();
  const bus = new MemoryBus({ capacity: 2, groups: { detections: ['stuck'] } });
  const telemetry = new RecordingTelemetry();
  const running = runInference({ bus, detector: new BrightnessDetector(), telemetry, signal: abort.signal });
  const sending = (async () => {
    for (let i = 0; i < 100; i++) await bus.send(topics.frames, [frame('a', i)]);
  })();
  const refused = assert.rejects(sending, /no more records/);
  await sleep(20);
  abort.abort();
  await running;
  await bus.close();
  await refused;
});

test('no more pictures are taken at once than the detector gains from: the others wait where newer ones replace them', async () => {
  for (const [batchSize, most] of [
    [1, 1],
    [3, 3],
    [undefined, 4],
  ]) {
    const detector = Object.assign(new BrightnessDetector(() => 1), batchSize ? { batchSize } : {});
    await infer(
      Array.from({ length: 12 }, (_, i) => frame('a', i)),
      detector,
    );
    assert.equal(Math.max(...detector.batches.map((b) => b.length)), most);
  }
});

test('a slow detector on a live stream sees the newest frames, and the rest is counted', async () => {
  const telemetry = new RecordingTelemetry();
  const bus = new MemoryBus({ telemetry });
  const detector = new BrightnessDetector(() => 10);
  const running = runInference({ bus, detector, telemetry, options: { inFlightMax: 1, batchMax: 1 } });
  const seen: number[] = [];
  const reading = (async () => {
    for await (const batch of bus.subscribe(topics.detections, { group: 'out', maxRecords: 9 })) {
      for (const { value } of batch.records) if (value.kind === 'detections') seen.push(value.seq);
      await batch.commit();
    }
  })();
  for (let i = 0; i < 100; i++) {
    await bus.send(topics.frames, [{ ...frame('a', i), droppable: true }]);
    if (i % 10 === 0) await sleep(5);
  }
  await bus.end(topics.frames);
  await Promise.all([running, reading]);
  const dropped = telemetry.events.filter((e) => e.type === 'frames-dropped').length;
  assert.equal(seen.length + dropped, 100);
  assert.ok(dropped > 0);
  assert.equal(seen.at(-1), 99);
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  );
});

test('smoothing publishes the revisions of each stream and ends its topic', async () => {
  const telemetry = new RecordingTelemetry();
  const bus = new MemoryBus({ telemetry });
  const events: Appearance[] = [];
  const reading = (async () => {
    for await (const batch of bus.subscribe(topics.appearances, { group: 'sink', maxRecords: 9 })) {
      events.push(...batch.records.map((r) => r.value));
      await batch.commit();
    }
  })();
  const running = runSmoothing({
    bus,
    telemetry,
    parameters: (streamId) => (streamId === 'strict' ? { falsePerHour: 1e-12 } : {}),
  });
  const text = '(---aaaaaaaaaa-------|';
  const records = ['tv', 'strict'].flatMap((streamId) => marbles(text, { streamId }));
  for (const value of records) await bus.send(topics.detections, [{ key: value.streamId, value }]);
  await bus.end(topics.detections);
  await Promise.all([running, reading]);
  assert.deepEqual(spans(events), ['a 600-2600 gone 2000']);
  assert.equal(events[0]?.streamId, 'tv');
  const counted = telemetry.events.filter((e) => e.type === 'appearance').map((e) => e.state);
  assert.deepEqual(counted, ['started', 'ended']);
});
