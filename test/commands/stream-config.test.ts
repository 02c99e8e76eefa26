import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveEntry, sharedTexts, warnOfOthers } from '../../src/commands/stream-config.js';
import { parseConfig } from '../../src/config.js';
import { LogowatchError } from '../../src/core/errors.js';
import type { StreamEntry } from '../../src/streams/entry.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';

process.env.LOGOWATCH_TEST_PASSWORD = 'tr0ub4dor';
const url = 'rtsp://viewer:${LOGOWATCH_TEST_PASSWORD}@host/x';
const entry = (owner: string | null, more: object = {}): StreamEntry => ({
  stream: { id: 'x', url, ...more },
  owner,
  paused: false,
  revision: '1',
});
const refuses = (run: () => unknown, says: RegExp) =>
  assert.throws(run, (e) => {
    assert.ok(e instanceof LogowatchError && e.code === 'config-invalid');
    assert.match(`${e.message} ${e.value}`, says);
    assert.ok(!`${e.message} ${e.value} ${e.remedy}`.includes('tr0ub4dor'));
    return true;
  });
const ops = (streamSecrets: string[]) => parseConfig({ ops: { streamSecrets }, defaults: { fps: 2 } });

test('a stream that a config named is filled in on the node that runs it', () => {
  assert.equal(resolveEntry(entry('c'), ops([])).url, 'rtsp://viewer:tr0ub4dor@host/x');
  refuses(
    () => resolveEntry(entry('c', { url: 'rtsp://${NOT_THERE_AT_ALL}/x' }), ops([])),
    /NOT_THERE_AT_ALL/,
  );
});

test('what the API added may name what is listed, and nothing else', () => {
  const config = ops(['LOGOWATCH_TEST_PASSWORD']);
  assert.deepEqual(resolveEntry(entry(null), config), {
    streamId: 'x',
    url: 'rtsp://viewer:tr0ub4dor@host/x',
    fps: 2,
  });
  refuses(() => resolveEntry(entry(null), ops([])), /may not use this name.*LOGOWATCH_TEST_PASSWORD/);
  refuses(
    () => resolveEntry(entry(null, { url: 'rtsp://h/${file:/etc/passwd}' }), config),
    /file:\/etc\/passwd/,
  );
});

test('what the API added is an address, also once it is filled in', () => {
  process.env.LOGOWATCH_TEST_PATH = '/etc/passwd';
  const config = ops(['LOGOWATCH_TEST_PATH']);
  for (const path of ['/etc/passwd', 'file:///etc/passwd', 'clip.mp4', '${LOGOWATCH_TEST_PATH}'])
    refuses(() => resolveEntry(entry(null, { url: path }), config), /not files/);
});

test('addresses go to the cluster as they are written, files do not, and passwords must not', () => {
  const written = [
    { id: 'x', url },
    { id: 'clip', url: '/tmp/clip.mp4' },
  ];
  const config = parseConfig({ streams: [{ id: 'x', url: 'rtsp://viewer:tr0ub4dor@host/x' }, written[1]] });
  assert.deepEqual(sharedTexts(config, written), [written[0]]);
  assert.equal(sharedTexts(config, undefined), undefined);
  refuses(() => sharedTexts(config, config.streams), /Stream x has a password/);
});

test('says which sections wait for a restart', () => {
  const telemetry = new RecordingTelemetry();
  const before = parseConfig({ threads: 1 });
  warnOfOthers(before, parseConfig({ threads: 1, defaults: { fps: 2 } }), telemetry);
  assert.equal(telemetry.events.length, 0);
  warnOfOthers(before, parseConfig({ threads: 2, logLevel: 'info' }), telemetry);
  const [event] = telemetry.events;
  assert.match(
    event?.type === 'warning' ? event.message : '',
    /restart is needed for logLevel, threads|threads, logLevel/,
  );
});
