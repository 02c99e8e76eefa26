import assert from 'node:assert/strict';
import { it } from 'node:test';
import { frameArguments, samplingInterval } from '../../../src/ingest/ffmpeg/arguments.js';
import { stdinInput } from '../../../src/ingest/ffmpeg/concat.js';
import { parseCapabilities, parseVersion } from '../../../src/ingest/ffmpeg/probe.js';

const caps = (lavf: string, help: string) =>
  parseCapabilities({
    version: `ffmpeg version N-1 Copyright\nlibavutil 56. 24.101 / 56\nlibavformat    ${lavf} / 5\n`,
    help,
    protocols: 'Input:\n  file\n  srt\nOutput:\n  rtmp\n',
    encoders: ' V..... libx264              H.264\n',
  });

it('tells old builds from new ones', () => {
  const old = caps('58. 24.100', '-vsync              video sync method\n  -stimeout          <int>');
  assert.deepEqual([old.fpsMode, old.rtspTimeoutOption, old.concatOptions], [false, 'stimeout', false]);
  const now = caps('59. 27.100', '-fps_mode           set framerate mode\n');
  assert.deepEqual([now.fpsMode, now.rtspTimeoutOption, now.concatOptions], [true, 'timeout', true]);
  assert.deepEqual([...now.inputProtocols], ['file', 'srt']);
  assert.equal(now.libx264, true);
  assert.equal(parseVersion('ffmpeg version 5.1.9-0+deb12u1 Copyright (c)'), '5.1.9-0+deb12u1');
  assert.throws(() => caps('nothing', ''), { code: 'ffmpeg-unsupported' });
});

it('keeps the URL off the command line and one thread a decoder', () => {
  const input = stdinInput("rtsp://u:p'w@h/x", ['rtsp', 'tcp'], ['option rtsp_transport tcp']);
  const format = { fps: 5, width: 640, height: 360, keyframesOnly: true };
  const args = frameArguments(caps('59. 27.100', ''), input, format);
  assert.ok(!args.join(' ').includes('u:p'));
  assert.equal(input.stdin, "ffconcat version 1.0\nfile 'rtsp://u:p'\\''w@h/x'\noption rtsp_transport tcp\n");
  const before = args.slice(0, args.indexOf('-i'));
  assert.deepEqual(before.slice(before.indexOf('-threads'), before.indexOf('-threads') + 2), [
    '-threads',
    '1',
  ]);
  assert.ok(before.includes('-skip_frame') && before.includes('pipe,fd,rtsp,tcp'));
  assert.deepEqual(args.slice(-6), ['passthrough', '-pix_fmt', 'rgb24', '-f', 'rawvideo', 'pipe:1']);
});

it('refuses a URL that would add lines to the script', () => {
  assert.throws(() => stdinInput("rtsp://h/x'\nfile 'file:/etc/passwd", ['rtsp']), {
    code: 'config-invalid',
  });
});

it('samples a hair faster than asked, for time stamps in whole milliseconds', () => {
  assert.equal(Number(samplingInterval(5)), 0.1985);
  assert.ok(Number(samplingInterval(30)) < 0.033);
  assert.ok(Number(samplingInterval(1)) === 0.995);
  assert.ok(Number(samplingInterval(1000)) > 0);
});
