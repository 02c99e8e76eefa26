import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Topic } from '../../src/bus/bus.js';
import { decode, encode, schemaText, writerSchema } from '../../src/bus/codec.js';
import { topics } from '../../src/bus/topics.js';
import type { Appearance } from '../../src/core/appearance.js';
import type { Detection, DetectionRecord } from '../../src/core/detection.js';
import { LogowatchError } from '../../src/core/errors.js';
import type { FrameRecord } from '../../src/core/frame.js';
import type { Box } from '../../src/core/geometry.js';

class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  next(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return this.#state / 2 ** 32;
  }
  int(max: number): number {
    return Math.floor(this.next() * max);
  }
  pick<T>(values: readonly T[]): T {
    return values[this.int(values.length)]!;
  }
  text(): string {
    return Array.from({ length: this.int(12) }, () =>
      this.pick(['a', 'Z', '0', '-', '/', 'ü', '漢', '🅰', '\0']),
    ).join('');
  }
  box(): Box {
    return [this.next(), this.next(), this.next(), this.next()];
  }
}

function position(r: Random) {
  return {
    streamId: r.text(),
    session: r.text(),
    // Beyond 32 bits: hours in microseconds.
    ptsUs: r.int(2 ** 43),
    wallTimeMs: r.int(2 ** 42),
    clock: r.pick(['program-date-time', 'rtcp', 'arrival', 'file'] as const),
  };
}

function fact(r: Random) {
  const reasons = [
    'stalled',
    'unreachable',
    'ended',
    'failed',
    'unauthorized',
    'not-video',
    'pts-jump',
  ] as const;
  const at = position(r);
  return r.pick([
    { kind: 'session-opened', ...at },
    { kind: 'gap', ...at, reason: r.pick(reasons), missingUs: r.int(2 ** 40) },
    {
      kind: 'session-closed',
      ...at,
      reason: r.pick([...reasons, 'stopped' as const]),
      final: r.next() < 0.5,
    },
  ] as const);
}

function frameRecord(r: Random): FrameRecord {
  if (r.next() < 0.5) return fact(r);
  const [width, height] = [1 + r.int(20), 1 + r.int(20)];
  return {
    kind: 'frame',
    ...position(r),
    seq: r.int(2 ** 40),
    arrivalMs: r.int(2 ** 42),
    live: r.next() < 0.5,
    width,
    height,
    content: { x: r.int(9), y: r.int(9), width: r.int(9), height: r.int(9) },
    format: r.pick(['rgb24', 'jpeg'] as const),
    data: Buffer.from(Array.from({ length: width * height * 3 }, () => r.int(256))),
  };
}

function detectionRecord(r: Random): DetectionRecord {
  if (r.next() < 0.4) return fact(r);
  const detection = (): Detection => ({
    label: r.text(),
    score: r.next(),
    llr: 40 * r.next() - 20,
    confident: r.next() < 0.5,
    box: r.box(),
  });
  return {
    kind: 'detections',
    ...position(r),
    seq: r.int(2 ** 40),
    ageMs: r.next() * 1e4,
    shotCut: r.next() < 0.5,
    modelId: r.text(),
    modelHash: r.text(),
    detections: Array.from({ length: r.int(5) }, detection),
  };
}

function appearance(r: Random): Appearance {
  const { streamId, session, clock } = position(r);
  const time = () => new Date(r.int(2 ** 42)).toISOString();
  return {
    id: r.text(),
    revision: r.int(2 ** 31),
    state: r.pick(['started', 'ongoing', 'ended'] as const),
    streamId,
    session,
    label: r.text(),
    startPtsMs: r.int(2 ** 40),
    endPtsMs: r.int(2 ** 40),
    startTime: time(),
    endTime: time(),
    clock,
    endReason: r.pick([null, 'gone', 'stream-lost', 'session-end', 'stopped'] as const),
    score: r.next(),
    meanScore: r.next(),
    box: r.box(),
    firstBox: r.box(),
    meanBox: r.box(),
    areaMean: r.next(),
    areaMax: r.next(),
    exposureMs: r.int(2 ** 40),
    coverage: r.next(),
    frames: r.int(2 ** 31),
    modelId: r.text(),
    modelHash: r.text(),
  };
}

const generators: { topic: Topic<unknown>; make: (r: Random) => unknown }[] = [
  { topic: topics.frames, make: frameRecord },
  { topic: topics.detections, make: detectionRecord },
  { topic: topics.appearances, make: appearance },
];

const isInvalid = (error: unknown) => error instanceof LogowatchError && error.code === 'message-invalid';

for (const { topic, make } of generators) {
  test(`${topic.name}: what is encoded is what is decoded`, () => {
    const random = new Random(1);
    for (let i = 0; i < 400; i++) {
      const value = make(random);
      assert.deepEqual(decode(topic, encode(topic, value)), value);
    }
  });

  test(`${topic.name}: cut-off and lengthened messages are refused`, () => {
    const random = new Random(2);
    for (let i = 0; i < 60; i++) {
      const bytes = encode(topic, make(random));
      for (const length of [0, 1, random.int(bytes.length), bytes.length - 1]) {
        assert.throws(
          () => decode(topic, bytes.subarray(0, length)),
          isInvalid,
          `${length} of ${bytes.length}`,
        );
      }
      assert.throws(() => decode(topic, Buffer.concat([bytes, Buffer.of(0)])), isInvalid);
    }
  });

  test(`${topic.name}: damaged messages are refused or read, and nothing else happens`, {
    timeout: 20_000,
  }, () => {
    const random = new Random(3);
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      const bytes = encode(topic, make(random));
      for (let k = 1 + random.int(4); k > 0; k--)
        bytes[random.int(Math.min(200, bytes.length))] = random.int(256);
      try {
        decode(topic, bytes);
      } catch (error) {
        assert.ok(isInvalid(error), String(error));
        refused++;
      }
    }
    assert.ok(refused > 200, `${refused}`);
  });
}

test('a few bytes that promise a billion detections cost nothing', { timeout: 2000 }, () => {
  const random = new Random(4);
  let empty = detectionRecord(random);
  while (empty.kind !== 'detections' || empty.detections.length > 0) empty = detectionRecord(random);
  const bytes = encode(topics.detections, empty);
  for (const count of [
    [0x80, 0x94, 0xeb, 0xdc, 0x07],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x02],
  ]) {
    const bomb = Buffer.concat([bytes.subarray(0, -1), Buffer.from(count)]);
    const before = process.memoryUsage().rss;
    assert.throws(() => decode(topics.detections, bomb), isInvalid);
    assert.ok(process.memoryUsage().rss - before < 64e6);
  }
});

test('nor do items of no bytes in the schema of a stranger', { timeout: 2000 }, () => {
  const schema = JSON.parse(schemaText(topics.appearances));
  schema.fields.push({ name: 'planted', type: { type: 'array', items: 'null' } });
  const writer = writerSchema(topics.appearances, JSON.stringify(schema));
  const bytes = encode(topics.appearances, appearance(new Random(8)));
  const bomb = Buffer.concat([bytes, Buffer.of(0x80, 0x94, 0xeb, 0xdc, 0x0f, 0)]);
  assert.throws(() => decode(topics.appearances, bomb, writer), isInvalid);
});

test('messages over the size cap are refused before they are read, and never made', () => {
  assert.throws(() => decode(topics.appearances, Buffer.alloc(64 * 1024 + 1)), /larger than 65536 bytes/);
  const label = 'x'.repeat(70_000);
  assert.throws(() => encode(topics.appearances, { ...appearance(new Random(5)), label }), isInvalid);
});

test('a value that does not fit its schema is named, not written', () => {
  const value = { ...appearance(new Random(6)), frames: 1.5 };
  assert.throws(() => encode(topics.appearances, value), isInvalid);
  assert.throws(() => encode({ name: 'other' }, value), /no schema/);
});

test('fractions of a millisecond in wall times are rounded', () => {
  const opened = { kind: 'session-opened', ...position(new Random(7)), wallTimeMs: 1234.6 } as const;
  assert.equal(decode(topics.frames, encode(topics.frames, opened)).wallTimeMs, 1235);
});
