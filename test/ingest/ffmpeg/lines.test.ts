import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LineRing, LineSplitter } from '../../../src/ingest/ffmpeg/lines.js';

it('joins lines over chunks, and cuts what never ends', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line), 8);
  for (const chunk of ['ab', 'c\nd', 'ef\r\n\n', 'x'.repeat(100), 'y', '\nlast']) splitter.push(chunk);
  splitter.flush();
  assert.deepEqual(lines, ['abc', 'def', 'xxxxxxxx', 'last']);
});

it('keeps the first and the last lines', () => {
  const ring = new LineRing(2);
  for (let i = 0; i < 100; i += 1) ring.push(String(i));
  assert.deepEqual(ring.lines(), ['0', '1', '98', '99']);
});
