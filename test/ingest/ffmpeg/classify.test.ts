import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LogowatchError } from '../../../src/core/errors.js';
import { classifyExit, type ExitContext } from '../../../src/ingest/ffmpeg/classify.js';

const classify = (line: string, context: Partial<ExitContext> = {}) => {
  const exit = { code: 0, signal: null };
  const end = classifyExit({ exit, stderr: [line], live: true, frames: 0, label: 'rtsp://h/x', ...context });
  return [end.reason, end.final, end.error instanceof LogowatchError ? end.error.code : undefined];
};

it('goes by what stderr says, whatever the exit code', () => {
  const told: [string, Partial<ExitContext>, unknown[]][] = [
    ['method DESCRIBE failed: 401 Unauthorized', {}, ['unauthorized', true, 'source-unauthorized']],
    ['HTTP error 403 Forbidden', {}, ['unauthorized', true, 'source-unauthorized']],
    ['method DESCRIBE failed: 404 Not Found', {}, ['unreachable', false, 'source-not-found']],
    [
      'Connection to tcp://h:554 failed: Connection refused',
      {},
      ['unreachable', false, 'source-unreachable'],
    ],
    [
      'Failed to resolve hostname h: Name or service not known',
      {},
      ['unreachable', false, 'source-unreachable'],
    ],
    ['rtsp://h/x: No route to host', {}, ['unreachable', false, 'source-unreachable']],
    ['rtsp://h/x: Invalid data found when processing input', {}, ['failed', false, 'source-not-video']],
    ["Protocol 'file' not on whitelist 'http,tcp'!", {}, ['failed', true, 'source-refused']],
    ['moov atom not found', { live: false }, ['not-video', true, 'source-not-video']],
    ['something new', {}, ['failed', false, 'source-failed']],
    ['something new', { live: false }, ['not-video', true, 'source-not-video']],
  ];
  for (const [line, context, expected] of told) assert.deepEqual(classify(line, context), expected, line);
});

it('holds a live source without video for final only when its streams are known', () => {
  const none = "Stream map '0:v:0' matches no streams.";
  assert.deepEqual(classify(none)[1], false);
  const stderr = ['    Stream #0:0: Audio: aac, 48000 Hz, stereo', none];
  assert.deepEqual(classify('', { stderr }), ['not-video', true, 'source-not-video']);
});

it('takes any end of a live source that gave frames as a failure, and the end of a file as its end', () => {
  assert.deepEqual(classify('', { frames: 9 }), ['ended', false, 'source-ended']);
  assert.deepEqual(classify('HTTP error 403 Forbidden', { frames: 9 }), ['ended', false, 'source-ended']);
  assert.deepEqual(classify('', { frames: 9, live: false }), ['ended', true, undefined]);
  const cut = 'stream 0, offset 0x1f: partial file';
  assert.deepEqual(classify(cut, { frames: 9, live: false }), ['failed', true, 'source-failed']);
  const exit = { code: 1, signal: null };
  assert.deepEqual(classify('x', { frames: 9, live: false, exit }), ['failed', true, 'source-failed']);
});

it('says when there is no ffmpeg to start', () => {
  const exit = { code: null, signal: null, spawnError: new Error('spawn nowhere ENOENT') };
  assert.deepEqual(classify('', { exit }), ['failed', true, 'ffmpeg-not-found']);
});

it('shows no stream key', () => {
  const { error } = classifyExit({
    exit: { code: 1, signal: null },
    stderr: ['Server error: Failed to play k3y-1234; stream not found.'],
    live: true,
    frames: 0,
    label: 'rtmp://h/app/***',
    secrets: ['k3y-1234'],
  });
  assert.match(String(error), /Failed to play \*\*\*; stream/);
  assert.ok(!String(error?.cause).includes('k3y-1234'));
});

it('shows no password', () => {
  const end = classifyExit({
    exit: { code: 1, signal: null },
    stderr: ['rtsp://u:s3cret@h/x: Connection refused'],
    live: true,
    frames: 0,
    label: 'rtsp://***@h/x',
  });
  assert.ok(!JSON.stringify([String(end.error), String(end.error?.cause)]).includes('s3cret'));
});
