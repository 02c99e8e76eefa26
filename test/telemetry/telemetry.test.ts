import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';

const MODULE = new URL('../../src/telemetry/telemetry.js', import.meta.url).href;

/** Every kind of event that carries words, each with a secret in it; the log as written, and the metrics. */
const SCRIPT = `
  import { PinoTelemetry } from ${JSON.stringify(MODULE)};
  const url = 'rtsp://u:s3cret@h/x?token=s3cret';
  const telemetry = new PinoTelemetry('debug');
  const streamId = 'tv';
  telemetry.emit({ type: 'source-added', streamId });
  telemetry.emit({ type: 'source-opened', streamId, session: 's', source: url });
  telemetry.emit({ type: 'source-closed', streamId, session: 's', reason: 'failed', frames: 1, detail: 'from ' + url });
  telemetry.emit({ type: 'source-retry', streamId, delayMs: 1, attempt: 1, reason: 'failed' });
  telemetry.emit({ type: 'frames-sampled', streamId, count: 3 });
  telemetry.emit({ type: 'frames-dropped', streamId, count: 2, reason: 'bus-queue' });
  telemetry.emit({ type: 'frames-inferred', streamId, count: 1, ageMs: 40 });
  telemetry.emit({ type: 'reader-restarted', group: 'infer', error: 'cannot reach sasl://u:s3cret@h' });
  telemetry.emit({ type: 'commit-failed', group: 'infer', topic: 'frames', error: 'cannot reach sasl://u:s3cret@h' });
  telemetry.emit({ type: 'sink-retry', sink: 'webhook', attempt: 1, delayMs: 1, error: 'POST https://u:s3cret@h/?sig=s3cret' });
  telemetry.emit({ type: 'sink-failed', sink: 'webhook', events: 1, error: 'Authorization: Bearer s3cret' });
  telemetry.emit({ type: 'record-rejected', topic: 'frames', reason: 'size' });
  telemetry.emit({ type: 'warning', message: 'cannot open ' + url, streamId });
  telemetry.emit({ type: 'info', message: 'opened ' + url });
  process.stdout.write(await telemetry.registry.metrics());
`;

it('logs every event as a line of JSON on stderr, counts it, and shows no secret in either', () => {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.equal(status, 0, stderr);
  const lines = stderr.trim().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).event),
    [
      'source-added',
      'source-opened',
      'source-closed',
      'source-retry',
      'frames-sampled',
      'frames-dropped',
      'frames-inferred',
      'reader-restarted',
      'commit-failed',
      'sink-retry',
      'sink-failed',
      'record-rejected',
      'warning',
      'info',
    ],
  );
  assert.doesNotMatch(stdout + stderr, /s3cret/);
  for (const line of [
    'logowatch_frames_sampled_total{stream="tv"} 3',
    'logowatch_frames_dropped_total{stream="tv",reason="bus-queue"} 2',
    'logowatch_source_retries_total{stream="tv",reason="failed"} 1',
    'logowatch_sink_retries_total{sink="webhook"} 1',
    'logowatch_sink_events_lost_total{sink="webhook"} 1',
    'logowatch_bus_commit_failures_total{group="infer"} 1',
    'logowatch_source_up{stream="tv"} 0',
  ]) {
    assert.ok(stdout.includes(`${line}\n`), line);
  }
});
