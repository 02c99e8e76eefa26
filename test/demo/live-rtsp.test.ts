import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import { liveRtsp } from '../../src/demo/live-rtsp.js';
import { Clips } from '../support/clips.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { readers } from '../support/processes.js';
import { supervise } from '../support/supervised.js';
import { until } from '../support/wait.js';

const MODULE = new URL('../../src/demo/live-rtsp.js', import.meta.url).href;
let clips: Clips;
before(async () => {
  clips = await Clips.create();
});
after(() => clips.remove());

it('publishes the whole file at its pace, and keeps nobody waiting afterwards', {
  timeout: 60_000,
}, async () => {
  const file = await clips.plain('live.mp4', 2);
  const { path } = await npmFfmpeg();
  // In a process of its own: what a forgotten timer costs is the time until that ends.
  const script = `
    import { liveRtsp } from ${JSON.stringify(MODULE)};
    const started = performance.now();
    const live = await liveRtsp(${JSON.stringify({ ffmpegPath: path, file })});
    await live.ended;
    const playedMs = performance.now() - started;
    await live.close();
    const closed = performance.now();
    process.on('exit', () => console.log(JSON.stringify({ playedMs, lingeredMs: performance.now() - closed })));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  const { playedMs, lingeredMs } = JSON.parse(stdout);
  assert.ok(playedMs > 1_500, `${playedMs} ms`);
  assert.ok(lingeredMs < 2_000, `${lingeredMs} ms`);
});

it('gives a slow player all of it, although the publisher is gone', { timeout: 180_000 }, async () => {
  const seconds = 8;
  // More than the system's own buffers hold.
  const noise = ['-vf', 'noise=alls=60:allf=t', '-b:v', '6M'];
  const file = await clips.plain('large.mp4', seconds, noise);
  const ffmpeg = await npmFfmpeg();
  const live = await liveRtsp({ ffmpegPath: ffmpeg.path, file });
  const stream = supervise(live.url, ffmpeg, { stallTimeoutMs: 120_000 });
  try {
    await until('frames come', () => stream.bus.frames.length > 0, 60_000);
    const [reader] = readers();
    assert.ok(reader);
    process.kill(reader.pid, 'SIGSTOP');
    await live.ended;
    await new Promise((resolve) => setTimeout(resolve, 500));
    process.kill(reader.pid, 'SIGCONT');
    await until('the session ends', () => stream.bus.story().includes('closed'), 60_000);
    const frames = stream.bus.frames.length;
    assert.ok(frames >= 5 * seconds - 3, `${frames} frames`);
  } finally {
    await stream.stop();
    await live.close();
  }
});
