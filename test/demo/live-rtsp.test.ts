import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import { Clips } from '../support/clips.js';
import { npmFfmpeg } from '../support/ffmpegs.js';

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
