import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { Machine } from '../../bench/machine.js';
import { PARTS } from '../../bench/parts.js';
import { agreement } from '../../bench/peer-network.js';
import { PAGE_FILE, type PartResult, readResults, renderPage } from '../../bench/results.js';

const machine: Machine = {
  processor: 'x',
  processors: 2,
  memoryGb: 8,
  wideInt8: false,
  system: 'linux',
  node: '20',
  ffmpeg: '5.1',
  onnxruntime: '1.30.0',
};
const parts = [
  { name: 'one', title: 'The first' },
  { name: 'two', title: 'The second' },
];
const result = (changed: Partial<PartResult> = {}): PartResult => ({
  measuredOn: '2026-01-02',
  machine,
  quick: false,
  wallSeconds: 12,
  otherProcessors: 0,
  section: { tables: [{ head: ['a', 'b'], rows: [['x', 1]] }], notes: ['A note.'] },
  raw: {},
  ...changed,
});

describe('the page of the bench', () => {
  it('in docs/ is what the kept results give', async () => {
    assert.equal(await readFile(PAGE_FILE, 'utf8'), renderPage(PARTS, await readResults()));
  });

  it('names what was not measured, and shows what was', () => {
    const page = renderPage(parts, { two: result() });
    assert.match(
      page,
      /## The second\n\n`--only two`, 2026-01-02, 12 s\.\n\n\| a \| b \|\n\|---\|---\|\n\| x \| 1 \|\n\nA note\./,
    );
    assert.match(page, /Not measured yet: `one`\./);
    assert.doesNotMatch(page, /The first/);
  });

  it('says when a part ran elsewhere, and when the machine was shared', () => {
    const older = result({
      measuredOn: '2026-01-01',
      machine: { ...machine, processors: 64 },
      otherProcessors: 1.26,
    });
    const page = renderPage(parts, { one: older, two: result() });
    assert.match(page, /Measured on 2 logical processors/);
    assert.match(page, /12 s, on 64 logical processors/);
    assert.match(page, /Other programs took 1\.3 processors meanwhile/);
  });
});

describe('agreement of two pipelines', () => {
  const seen = (at: number, ...labels: string[]) => ({
    at,
    found: labels.map((label) => ({ label, score: 0.9, box: [0.1, 0.1, 0.2, 0.2] as const })),
  });

  it('counts frames with the same brands, and detections that both have', () => {
    const ours = [seen(0, 'a', 'b'), seen(0.2, 'a'), seen(0.4)];
    const theirs = [seen(0.01, 'b', 'a'), seen(0.2, 'c'), seen(0.4), seen(9, 'z')];
    const { frames, equalFrames, detections, shared } = agreement(ours, theirs);
    assert.deepEqual(
      { frames, equalFrames, detections, shared },
      { frames: 3, equalFrames: 2, detections: 6, shared: 4 },
    );
  });

  it('takes boxes that lie apart for two detections', () => {
    const moved = { at: 0, found: [{ label: 'a', score: 0.9, box: [0.6, 0.6, 0.2, 0.2] as const }] };
    assert.equal(agreement([seen(0, 'a')], [moved]).shared, 0);
  });
});
