import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type DesiredStream, StreamSet, type StreamSetOptions } from '../../src/ingest/stream-set.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { Clips } from '../support/clips.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { readers } from '../support/processes.js';
import { RecordingBus } from '../support/recording-bus.js';
import { until } from '../support/wait.js';

describe('a set of streams', () => {
  let clips: Clips;
  let clip: string;
  let ffmpegPath: string;
  let bus: RecordingBus;
  let telemetry: RecordingTelemetry;
  let set: StreamSet;

  before(async () => {
    clips = await Clips.create();
    clip = await clips.plain('plain.mp4', 60);
    ffmpegPath = (await npmFfmpeg()).path;
  });
  after(() => clips.remove());
  afterEach(async () => {
    await set.stop();
    assert.deepEqual(readers(), []);
  });

  function open(options: Partial<StreamSetOptions> = {}): void {
    bus = new RecordingBus();
    telemetry = new RecordingTelemetry();
    set = new StreamSet({ bus, telemetry, ...options });
  }
  /** A clip that plays at its own pace, as a live source would. */
  const live = (streamId: string, fps = 5, url = clip): DesiredStream => ({
    spec: { streamId, url, fps, width: 160, height: 90, live: true, ffmpegPath },
  });
  const apply = (desired: Record<string, DesiredStream>) => set.apply(new Map(Object.entries(desired)));
  const sessions = (id: string) => [
    ...new Set(bus.records.filter((r) => r.streamId === id).map((r) => r.session)),
  ];
  const frames = (id: string) => bus.frames.filter((f) => f.streamId === id).length;
  const closed = (id: string) =>
    bus.facts.filter((f) => f.streamId === id && f.kind === 'session-closed' && f.final).length;
  const state = (id: string) => set.statuses().find((s) => s.streamId === id)?.state;
  const runs = (...ids: string[]) =>
    until(`${ids} run`, () => ids.every((id) => frames(id) > 0 && state(id) === 'running'));

  it('adds, changes, pauses, resumes and removes one stream, and the other does not notice', async () => {
    open();
    apply({ a: live('a') });
    await runs('a');
    apply({ a: live('a'), b: live('b') });
    await runs('a', 'b');
    apply({ a: live('a'), b: live('b', 10) });
    await until('b runs anew', () => sessions('b').length === 2);
    assert.equal(closed('b'), 1);
    apply({ a: live('a'), b: { paused: true } });
    await until('b rests', () => state('b') === 'paused');
    assert.equal(closed('b'), 2);
    const before = frames('b');
    apply({ a: live('a'), b: live('b', 10) });
    await until('b is resumed', () => sessions('b').length === 3 && frames('b') > before);
    apply({ a: live('a') });
    await until('b is gone', () => state('b') === undefined);
    assert.equal(closed('b'), 3);
    assert.equal(sessions('a').length, 1);
    assert.equal(set.statuses()[0]?.session, sessions('a')[0]);
    await until('its frames are counted', () => (set.statuses()[0]?.framesPerSecond ?? 0) > 2);
    assert.equal(closed('a'), 0);
  });

  it('changed and changed back before it has closed, it runs as it should, one supervisor at a time', async () => {
    open();
    apply({ a: live('a') });
    await runs('a');
    for (const fps of [10, 5, 8]) apply({ a: live('a', fps) });
    await until('it runs anew', () => sessions('a').length === 2);
    assert.equal(readers().length, 1);
    // Eight a second, a little sooner than an eighth after the one before.
    assert.match(readers()[0]?.commandLine ?? '', /prev_selected_t,0\.12/);
  });

  it('remembers a fault that is for good, takes nobody along, and tries again when asked to', async () => {
    open();
    const text = await clips.text();
    const bad = (revision: string): DesiredStream => ({ ...live('bad', 5, text), revision });
    apply({ a: live('a'), bad: bad('1'), unknown: live('unknown', 5, 'gopher://x/y') });
    await until('both have failed', () => set.failures.length === 2);
    await runs('a');
    const status = set.statuses().find((s) => s.streamId === 'bad');
    assert.equal(status?.state, 'failed');
    assert.match(status?.lastError ?? '', /notes\.mp4/);
    const failed = () => telemetry.events.filter((e) => e.type === 'stream-failed' && e.streamId === 'bad');
    assert.equal(failed().length, 1);
    apply({ a: live('a'), bad: bad('1') });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(failed().length, 1, 'nothing new was asked for');
    apply({ a: live('a'), bad: bad('2') });
    await until('it was tried again', () => failed().length === 2);
    assert.equal(sessions('a').length, 1);
  });

  it('is idle when every source has ended', async () => {
    const ended: string[] = [];
    open({ onEnded: (id) => ended.push(id) });
    const short = await clips.plain('short.mp4', 1);
    apply({ s: { spec: { streamId: 's', url: short, width: 160, height: 90, ffmpegPath } } });
    await set.idle();
    assert.equal(state('s'), 'ended');
    assert.deepEqual(ended, ['s']);
    assert.equal(frames('s'), 5);
  });

  it('says nothing while its streams are another node’s', async () => {
    let mine = true;
    open({ mayPublish: () => mine });
    apply({ a: live('a', 10) });
    await runs('a');
    mine = false;
    const before = bus.records.length;
    const dropped = () =>
      telemetry.events.filter((e) => e.type === 'frames-dropped' && e.reason === 'not-owner');
    await until('frames are left unsent', () => dropped().length >= 3);
    apply({});
    await set.idle();
    assert.equal(bus.records.length, before);
  });

  it('starts nothing once it was stopped', async () => {
    open();
    apply({ a: live('a') });
    await runs('a');
    await set.stop();
    apply({ b: live('b') });
    assert.deepEqual(readers(), []);
    assert.equal(bus.story().endsWith('closed:stopped!'), true);
  });
});
