import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { AvroWire } from '../../src/bus/kafka/avro-wire.js';
import { schemaFingerprint } from '../../src/bus/kafka/rabin.js';
import { topics } from '../../src/bus/topics.js';
import { LogowatchError } from '../../src/core/errors.js';
import type { Frame, StreamGap } from '../../src/core/frame.js';

const wire = new AvroWire(undefined, 't.');
const position = {
  streamId: 'news 1',
  session: 's',
  ptsUs: 200_000,
  wallTimeMs: 1_700_000_000_000,
  clock: 'arrival',
} as const;

async function picture(width: number, height: number): Promise<Frame> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#208040"/></svg>`;
  const data = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
  const content = { x: 0, y: 0, width, height };
  return {
    ...position,
    kind: 'frame',
    seq: 1,
    arrivalMs: 1_700_000_000_050,
    live: true,
    width,
    height,
    content,
    format: 'rgb24',
    data,
  };
}

const isInvalid = (error: unknown) =>
  error instanceof LogowatchError && ['message-invalid', 'schema-mismatch'].includes(error.code);

test('fingerprints are those of the Avro specification', () => {
  // CRC-64-AVRO of "int" and "null", as the specification’s reference code gives them.
  assert.equal(schemaFingerprint('"int"').toString('hex'), '8f5c393f1ad57572');
  assert.equal(schemaFingerprint('"null"').toString('hex'), '8a8f25cce724dd63');
});

test('a frame travels as JPEG and arrives as pixels', async () => {
  const frame = await picture(64, 48);
  const { value, headers } = await wire.encode(topics.frames, frame);
  assert.equal(value.toString('hex', 0, 2), 'c301');
  assert.ok(value.length < frame.data.length / 4, `${value.length} bytes`);
  const back = (await wire.decode(topics.frames, value)) as Frame;
  assert.deepEqual({ ...back, data: undefined }, { ...frame, data: undefined });
  assert.equal(back.data.length, frame.data.length);
  const worst = Math.max(...frame.data.map((v, i) => Math.abs(v - back.data[i]!)));
  assert.ok(worst <= 4, `${worst} of 255`);
  assert.deepEqual(headers, {
    'content-type': 'application/avro',
    ce_specversion: '1.0',
    ce_id: 's.1',
    ce_source: 'logowatch/news%201',
    ce_type: 'io.logowatch.frames.frame',
    ce_time: '2023-11-14T22:13:20.000Z',
  });
});

test('facts stay as they are', async () => {
  const gap: StreamGap = { ...position, kind: 'gap', reason: 'pts-jump', missingUs: 5 };
  const { value } = await wire.encode(topics.frames, gap);
  assert.deepEqual(await wire.decode(topics.frames, value), gap);
});

test('what is no message of ours is refused, and says why', async () => {
  const { value } = await wire.encode(topics.frames, await picture(32, 32));
  const otherSchema = Buffer.from(value);
  otherSchema.writeUInt8(otherSchema[5]! ^ 1, 5);
  const brokenPicture = Buffer.from(value);
  brokenPicture.fill(0x55, value.length - 200);
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('hello'),
    otherSchema,
    value.subarray(0, 40),
    brokenPicture,
  ])
    await assert.rejects(wire.decode(topics.frames, bytes), isInvalid);
});

test('a picture of another size than the record says is refused before it is decoded', async () => {
  const [large, small] = [await picture(640, 640), await picture(16, 16)];
  const jpeg = await sharp(large.data, { raw: { width: 640, height: 640, channels: 3 } })
    .jpeg()
    .toBuffer();
  const { value } = await wire.encode(topics.frames, { ...small, format: 'jpeg', data: jpeg });
  await assert.rejects(wire.decode(topics.frames, value), isInvalid);
});
