/**
 * The first look at real input: `npm run first-light -- DATA MODEL [SECONDS] [TIMELINE.png]`. Composes a broadcast of DATA's validation
 * photos and clips, publishes it by RTSP, watches it with MODEL through the ordinary pipeline, prints truth and found
 * as a Markdown table. docs/first-light.md holds what came out.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Appearance } from '../../src/core/appearance.js';
import { useShippedFonts } from '../../src/core/fonts.js';
import { liveRtsp } from '../../src/demo/live-rtsp.js';
import { drawComparison } from '../../src/demo/picture.js';
import { byWallClock, type Comparison, compareWithTruth } from '../../src/demo/report.js';
import { openDetector } from '../../src/infer/workers/pool.js';
import { locateFfmpeg } from '../../src/ingest/ffmpeg/locate.js';
import { runPipeline } from '../../src/pipeline.js';
import { StatsTelemetry } from '../../src/telemetry/stats.js';
import { PinoTelemetry } from '../../src/telemetry/telemetry.js';
import { mergeSpans } from '../../src/train/evaluate-events/spans.js';
import { composeReal } from '../broadcasts/compose.js';
import { readMaterial } from '../broadcasts/material.js';
import { table } from '../measure.js';

useShippedFonts();
const [data, model, secondsText = '240', picture] = process.argv.slice(2);
if (data === undefined || model === undefined) {
  process.stderr.write('usage: npm run first-light -- DATA MODEL [SECONDS] [TIMELINE.png]\n');
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), 'logowatch-first-light-'));
try {
  const ffmpeg = await locateFfmpeg();
  const file = join(folder, 'broadcast.mp4');
  const composed = await composeReal({
    ffmpegPath: ffmpeg.path,
    material: await readMaterial(data),
    output: file,
    seconds: Number(secondsText),
    seed: 1,
  });
  // Spans of one brand within a second of each other are one appearance, as the pipeline's gap rule says.
  const merged = mergeSpans(composed.spans, 1, (a, b) => ({ ...a, end: Math.max(a.end, b.end) }));
  const truth = { ...composed, spans: [...merged.values()].flat().toSorted((a, b) => a.start - b.start) };
  const detector = await openDetector(model);
  const live = await liveRtsp({ ffmpegPath: ffmpeg.path, file });
  const events: Appearance[] = [];
  const over = new AbortController();
  const telemetry = new StatsTelemetry(new PinoTelemetry('error'));
  void live.ended.finally(() => setTimeout(() => over.abort(), 2000));
  const started = performance.now();
  await runPipeline({
    streams: [{ streamId: 'first-light', url: live.url }],
    detector,
    sinks: [{ name: 'events', write: async (e) => void events.push(...e), close: async () => undefined }],
    smoothing: {},
    telemetry,
    signal: over.signal,
  });
  await live.close();
  await detector.close();
  const { inferred, dropped, ageP50Ms, ageP95Ms } = telemetry.stats;
  const stats = {
    frames: inferred,
    seconds: (performance.now() - started) / 1000,
    dropped: Object.values(dropped).reduce((a, b) => a + b, 0),
    ageP50Ms,
    ageP95Ms,
  };
  const options = { toBroadcastTime: byWallClock(live.startedAtMs) };
  const comparison = compareWithTruth(truth, events, stats, options);
  process.stdout.write(report(comparison));
  if (picture !== undefined) await writeFile(picture, await drawComparison(comparison, []));
} finally {
  await rm(folder, { recursive: true, force: true });
}

function report(c: Comparison): string {
  const s = (v: number) => v.toFixed(1);
  const rows = c.rows.map(({ truth, found, iou, onsetLatency }) => [
    truth.label,
    `${s(truth.start)} - ${s(truth.end)}`,
    `${Math.round(truth.width * 100)} %`,
    found.map((f) => `${s(f.start)} - ${s(f.end)}`).join(', ') || 'missed',
    found.length === 0 ? '' : `${Math.round(iou * 100)} %`,
    onsetLatency === null ? '' : `${s(onsetLatency)} s`,
  ]);
  const exposure = c.exposure.map((e) => [e.label, s(e.truth), s(e.found)]);
  const hits = c.rows.filter((r) => r.iou >= 0.5).length;
  return [
    table([['brand', 'truth (s)', 'width', 'found (s)', 'overlap', 'reported after'], ...rows]),
    '',
    table([['brand', 'exposure, truth (s)', 'found (s)'], ...exposure]),
    '',
    `${c.rows.length} appearances: ${hits} found with tIoU >= 0.5, ${c.missed} missed, ${c.split} split; ${c.falseAppearances.length} false (${c.falseAppearances.map((f) => `${f.found.label} ${s(f.found.start)} - ${s(f.found.end)}`).join(', ') || 'none'}).`,
    `Exposure error ${c.exposureError === null ? '-' : `${(100 * c.exposureError).toFixed(1)} %`}; onset latency median ${c.onsetLatencyMedian?.toFixed(1) ?? '-'} s; ${c.stats.frames} frames, ${c.stats.dropped} dropped, frame age p50 ${c.stats.ageP50Ms?.toFixed(0)} ms, p95 ${c.stats.ageP95Ms?.toFixed(0)} ms.`,
    '',
  ].join('\n');
}
