import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import sharp from 'sharp';
import { useShippedFonts } from '../../src/core/fonts.js';
import { repoRoot } from '../../src/core/root.js';
import { DEMO_BRANDS, loadIcon, markSvg } from '../../src/demo/brands.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import { foundSpans } from '../../src/train/evaluate-events/found.js';
import { eventMetrics } from '../../src/train/evaluate-events/metrics.js';
import { readEvents, runCli } from '../support/cli.js';
import { npmFfmpeg } from '../support/ffmpegs.js';

// An independent scorer, kept outside the project: by its path, or beside the checkout.
const scorer = process.env.LOGOWATCH_SCORER ?? join(repoRoot(), '..', 'shared', 'tools', 'score.py');
const python = spawnSync('python3', ['--version']).status === 0;
const skip = !python ? 'python3 is absent' : !existsSync(scorer) ? 'no scorer (LOGOWATCH_SCORER)' : false;
const model = join(repoRoot(), 'models', 'demo');

/** Figures of the scorer's one line. It exits 1 where a floor of its own is missed: that is not this test's matter. */
function score(...args: string[]): Map<string, number> {
  const { stdout, stderr, status } = spawnSync('python3', [scorer, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.ok(status === 0 || status === 1, stderr);
  return new Map([...stdout.matchAll(/(\w+)=([\d.]+)/g)].map((m) => [m[1] ?? '', Number(m[2])]));
}

describe('the answers, as an independent scorer reads them', { skip }, () => {
  let data: string;

  before(() => {
    useShippedFonts();
    data = mkdtempSync(join(tmpdir(), 'logowatch-scorer-'));
  });
  after(() => rmSync(data, { recursive: true, force: true }));

  /** One picture a name, with its COCO file; the folder of a brand's picture is the brand. */
  async function part(name: string, pictures: readonly { file: string; mark?: string }[]): Promise<void> {
    mkdirSync(join(data, name), { recursive: true });
    const names = [...new Set(pictures.flatMap((p) => (p.mark === undefined ? [] : [p.mark])))];
    const coco = {
      images: pictures.map((p, id) => ({ id, file_name: p.file, width: 640, height: 360 })),
      categories: names.map((n, id) => ({ id, name: n })),
      annotations: pictures.flatMap((p, id) =>
        p.mark === undefined
          ? []
          : [{ id, image_id: id, category_id: names.indexOf(p.mark), bbox: [200, 100, 160, 160] }],
      ),
    };
    writeFileSync(join(data, name, '_annotations.coco.json'), JSON.stringify(coco));
    for (const [i, p] of pictures.entries()) {
      const path = join(data, name, p.file);
      mkdirSync(join(path, '..'), { recursive: true });
      const scene = sharp({
        create: { width: 640, height: 360, channels: 3, background: `hsl(${i * 47}, 40%, 55%)` },
      });
      const mark = p.mark === undefined ? [] : [Buffer.from(markSvg(await loadIcon(p.mark), 'plate', 160))];
      await scene
        .composite(mark.map((input) => ({ input, left: 200, top: 100 })))
        .jpeg()
        .toFile(path);
    }
  }

  it('`detect --json --all` answers every picture, boxes in pixels', async () => {
    const brands = DEMO_BRANDS.map((mark) => ({ file: `${mark}/a.jpg`, mark }));
    await part('logos/val', brands);
    await part('logos/test', brands);
    await part('unknown-logos/test', [{ file: 'u.jpg', mark: 'wikipedia' }]);
    await part(
      'no-logo/test',
      Array.from({ length: 6 }, (_, i) => ({ file: `n${i}.jpg` })),
    );
    const frames = join(data, 'frames');
    mkdirSync(frames);
    const rows = [0.05, 0.1].map((width, i) => ({
      file: `../logos/val/${brands[i]?.file}`,
      brand: brands[i]?.mark,
      width,
      box: [200, 100, 160, 160],
    }));
    writeFileSync(join(frames, 'frames.json'), JSON.stringify(rows));
    const paths = ['logos/val', 'logos/test', 'unknown-logos/test', 'no-logo/test'].map((p) => join(data, p));
    const { stdout, code, stderr } = await runCli('detect', model, ...paths, '--json', '--all');
    assert.equal(code, 0, stderr);
    const answers = join(data, 'answers.jsonl');
    writeFileSync(answers, stdout);
    for (const line of stdout.trim().split('\n')) {
      const answer = JSON.parse(line);
      const labels = new Set<string>(answer.detections.map((d: { label: string }) => d.label));
      assert.deepEqual([...labels].sort(), [...DEMO_BRANDS].sort());
    }
    const figures = score('images', data, frames, answers);
    assert.equal(figures.get('missing'), 0);
    assert.equal(figures.get('n_pos'), 16);
    assert.ok((figures.get('brand') ?? 0) >= 0.75, `right brand ${figures.get('brand')}`);
  });

  it('`watch --events` gives events that match the truth of a video', async () => {
    const ffmpeg = await npmFfmpeg();
    const video = join(data, 'b.mp4');
    const { truth } = await composeBroadcast({
      ffmpegPath: ffmpeg.path,
      seed: 11,
      seconds: 24,
      output: video,
    });
    const rows = truth.spans.map(({ label, start, end }) => ({ label, start, end }));
    writeFileSync(join(data, 'b.json'), JSON.stringify({ duration: truth.duration, truth: rows }));
    const events = join(data, 'events.jsonl');
    const { code, stderr } = await runCli('watch', video, '--model', model, '--events', events);
    assert.equal(code, 0, stderr);
    const figures = score('events', join(data, 'b.json'), events);
    const { duration } = truth;
    const own = eventMetrics([{ duration, truth: rows, found: foundSpans(readEvents(events), duration) }]);
    const same = {
      truth: own.truth,
      found: own.found,
      precision: own.precision,
      recall: own.recall,
      f1: own.f1,
      false_per_hour: own.falsePerHour,
      exposure_error: own.exposureError ?? 0,
    };
    for (const [name, value] of Object.entries(same)) {
      const theirs = figures.get(name) ?? Number.NaN;
      assert.ok(Math.abs(theirs - value) < 1e-3, `${name}: ${value} here, ${theirs} there`);
    }
    assert.ok((figures.get('truth') ?? 0) >= 3);
    assert.equal(figures.get('false_per_hour'), 0);
    assert.ok((figures.get('recall') ?? 0) >= 0.6, `recall ${figures.get('recall')}`);
  });
});
