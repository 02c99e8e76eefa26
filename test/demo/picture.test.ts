import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { drawComparison } from '../../src/demo/picture.js';
import { compareWithTruth } from '../../src/demo/report.js';
import { makeEvent } from '../sink/events.js';

const span = { label: 'a', start: 5, end: 10, width: 0.2 };
const truth = { duration: 20, spans: [span], flashes: [{ ...span, start: 15, end: 15.04 }] };
const stats = { frames: 100, seconds: 20, dropped: 0, ageP50Ms: 1, ageP95Ms: 2 };

async function coloursOf(png: Buffer): Promise<Map<string, number>> {
  const { data } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const counts = new Map<string, number>();
  for (let i = 0; i < data.length; i += 3) {
    const key = data.subarray(i, i + 3).toString('hex');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

test('draws frames with boxes and the timeline, light, at the width of a README', async () => {
  const event = (label: string, startPtsMs: number, endPtsMs: number) =>
    makeEvent(label, 1, 'ended', { label, startPtsMs, endPtsMs });
  const comparison = compareWithTruth(truth, [event('a', 5000, 10_000), event('b', 1000, 3000)], stats);
  const frame = {
    data: new Uint8Array(64 * 36 * 3).fill(128),
    width: 64,
    height: 36,
    time: 6,
    boxes: [{ label: 'a<', score: 0.9, box: [0.2, 0.3, 0.3, 0.4] as const }],
  };
  const png = await drawComparison(comparison, [frame, frame, frame, frame]);
  const { width, height } = await sharp(png).metadata();
  assert.equal(width, 960);
  assert.ok(height > 350 && height < 900, String(height));
  const colours = await coloursOf(png);
  const area = (hex: string) => colours.get(hex) ?? 0;
  assert.ok(area('ffffff') > width * height * 0.3, 'light');
  assert.ok(area('808080') > 10_000, 'the frames');
  assert.ok(area('b6d4f2') > 1000, 'truth');
  assert.ok(area('1a7f37') > 1000, 'found');
  assert.ok(area('cf222e') > 300, 'false');
});

test('without frames there is the timeline alone', async () => {
  const png = await drawComparison(compareWithTruth(truth, [], stats), []);
  const { height } = await sharp(png).metadata();
  assert.ok(height < 200, String(height));
});
