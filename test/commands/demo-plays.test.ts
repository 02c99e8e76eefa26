import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PerPlay } from '../../src/commands/demo-plays.js';
import { type InternalEvent, RecordingTelemetry } from '../../src/telemetry/telemetry.js';

const opened = (streamId: string): InternalEvent => ({
  type: 'source-opened',
  streamId,
  session: 's',
  source: 'x',
});
const closed = (streamId: string): InternalEvent => ({
  type: 'source-closed',
  streamId,
  session: 's',
  reason: 'ended',
  frames: 1,
});
const retry = (streamId: string): InternalEvent => ({
  type: 'source-retry',
  streamId,
  delayMs: 1,
  attempt: 1,
  reason: 'failed',
});

function start(...ids: string[]) {
  const over = new AbortController();
  const publish = new Map<string, () => void>();
  const plays = ids.map((id) => {
    const ended = new Promise<void>((resolve) => publish.set(id, resolve));
    return { id, url: 'x', startedAtMs: 0, ended };
  });
  const told = new RecordingTelemetry();
  const telemetry = new PerPlay(told, plays, over);
  const published = async (id: string) => {
    publish.get(id)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { telemetry, told, published, isOver: () => over.signal.aborted };
}

it('is over when every broadcast is out and every source closed, whichever comes first', async () => {
  const { telemetry, published, isOver } = start('hls', 'rtsp');
  telemetry.emit(opened('hls'));
  telemetry.emit(opened('rtsp'));
  telemetry.emit(closed('rtsp'));
  await published('rtsp');
  await published('hls');
  assert.equal(isOver(), false);
  telemetry.emit(closed('hls'));
  assert.equal(isOver(), true);
});

it('goes on through an outage while the broadcast runs', async () => {
  const { telemetry, published, isOver } = start('rtsp');
  for (const event of [opened('rtsp'), closed('rtsp'), retry('rtsp'), opened('rtsp')]) telemetry.emit(event);
  await published('rtsp');
  assert.equal(isOver(), false, 'the second session still plays');
  telemetry.emit(closed('rtsp'));
  assert.equal(isOver(), true);
});

it('does not wait for a source that never opened, nor warn of a server that is gone after the broadcast', async () => {
  const { telemetry, told, published, isOver } = start('rtsp');
  telemetry.emit(retry('rtsp'));
  await published('rtsp');
  assert.equal(isOver(), false, 'it may still play what is buffered');
  telemetry.emit(retry('rtsp'));
  assert.equal(isOver(), true);
  assert.equal(told.events.length, 1);
});
