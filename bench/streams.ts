/**
 * Live streams side by side on this machine: `node dist/bench/streams.js [STREAMS] [SECONDS] [FPS] [MODEL] [keyframes]`. Each
 * is a 720p25 H.264 stream of 3.8 Mb/s by RTSP, watched through the ordinary pipeline. Prints frame age and drops a stream:
 * the promise is p95 < 1 s with 6 streams at 5 frames/s on 2 cores.
 */
import { join } from 'node:path';
import { useShippedFonts } from '../src/core/fonts.js';
import { repoRoot } from '../src/core/root.js';
import { locateFfmpeg } from '../src/ingest/ffmpeg/locate.js';
import { Clips } from './clips.js';
import { liveStreams } from './live-streams.js';
import { table } from './measure.js';

const [streams = '6', seconds = '60', fps = '5', model = join(repoRoot(), 'models', 'demo'), keyframes] =
  process.argv.slice(2);
useShippedFonts();
const { path: ffmpegPath } = await locateFfmpeg();
const { file } = await new Clips(ffmpegPath).hd(Number(seconds) + 20);
const { watched } = await liveStreams({
  ffmpegPath,
  file,
  model,
  streams: Number(streams),
  seconds: Number(seconds),
  fps: Number(fps),
  keyframesOnly: keyframes !== undefined,
});
const rows = watched.stats.map((s, i) => [
  i,
  s.sampled,
  s.inferred,
  Object.values(s.dropped).reduce((a, b) => a + b, 0),
  s.ageP50Ms?.toFixed(0) ?? '-',
  s.ageP95Ms?.toFixed(0) ?? '-',
]);
const head = ['stream', 'sampled', 'inferred', 'dropped', 'age p50 (ms)', 'age p95 (ms)'];
const cpu = (watched.runCpuSeconds / (watched.wallSeconds - watched.startSeconds)).toFixed(2);
process.stdout.write(
  `${table([head, ...rows])}\n\n${watched.engine}, ${cpu} processors in all, decoding included, publishers and server apart.\n`,
);
