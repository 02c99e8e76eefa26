import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LogowatchError } from '../../src/core/errors.js';
import { createSource } from '../../src/ingest/open.js';
import type { FrameSource, SourceEnd, SourceFrame, SourceSession } from '../../src/ingest/source.js';
import { superviseStream } from '../../src/ingest/supervisor.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { Clips } from '../support/clips.js';
import { RecordingBus } from '../support/recording-bus.js';

const frame = (index: number, extra: Partial<SourceFrame> = {}): SourceFrame => ({
  ptsUs: index * 200_000,
  index,
  arrivalMs: 1_000_000 + index * 200,
  width: 2,
  height: 2,
  content: { x: 0, y: 0, width: 2, height: 2 },
  data: new Uint8Array(12),
  ...extra,
});

type Play = { frames: SourceFrame[]; end: SourceEnd } | Error;

/** A source that plays what the test wrote, an opening at a time. */
class ScriptedSource implements FrameSource {
  readonly label = 'script';
  readonly live: boolean;
  readonly #plays: Play[];
  constructor(plays: Play[], live = true) {
    this.#plays = plays;
    this.live = live;
  }
  async open(): Promise<SourceSession> {
    const play = this.#plays.shift();
    if (!play) throw new LogowatchError('source-ended', 'The script is over');
    if (play instanceof Error) throw play;
    return {
      frames: async function* () {
        yield* play.frames;
      },
      ended: Promise.resolve(play.end),
      dropped: 0,
      close: async () => {},
    };
  }
}

function run(source: FrameSource, clock = { ms: 0 }) {
  const bus = new RecordingBus();
  const telemetry = new RecordingTelemetry();
  const abort = new AbortController();
  const waits: number[] = [];
  const result = superviseStream(source, {
    spec: { streamId: 's' },
    bus,
    telemetry,
    signal: abort.signal,
    random: () => 0,
    monotonic: () => clock.ms,
    sleep: async (ms) => {
      waits.push(ms);
    },
  });
  result.catch(() => {});
  return { bus, telemetry, abort, waits, result };
}

const lost: SourceEnd = { reason: 'ended', final: false };

it('tells the story of an outage once', async () => {
  const refused = new LogowatchError('source-unreachable', 'Nothing answers');
  const plays: Play[] = [{ frames: [frame(0), frame(1)], end: lost }, refused, refused, refused];
  plays.push({ frames: [frame(0)], end: lost });
  const { bus, telemetry, result, waits } = run(new ScriptedSource(plays));
  assert.deepEqual(await result, { streamId: 's', reason: 'ended', sessions: 2, frames: 3, dropped: 0 });
  assert.equal(
    bus.story(),
    'opened frames gap:ended closed:ended gap:unreachable opened frames gap:ended closed:ended closed:ended!',
  );
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000]);
  const types = telemetry.events.map(({ type }) => type);
  assert.equal(types.filter((type) => type === 'warning').length, 1);
  assert.equal(types.filter((type) => type === 'source-retry').length, 5);
  assert.equal(types.filter((type) => type === 'source-opened').length, 2);
});

it('starts its waits over after half a minute of frames', async () => {
  const clock = { ms: 0 };
  const long = { frames: [frame(0)], end: lost };
  const source = new ScriptedSource([new Error('x'), new Error('x'), long, new Error('x')]);
  const { bus, result, waits } = run(source, clock);
  bus.gate = (record) => {
    if (record.kind === 'frame') clock.ms += 30_000;
    return undefined;
  };
  await result;
  assert.deepEqual(waits, [1_000, 2_000, 1_000, 2_000]);
});

it('does not try again what cannot help', async () => {
  for (const [code, reason] of [
    ['source-unauthorized', 'unauthorized'],
    ['source-not-video', 'not-video'],
    ['ffmpeg-unsupported', 'failed'],
    ['source-refused', 'failed'],
  ] as const) {
    const { bus, waits, result } = run(new ScriptedSource([new LogowatchError(code, 'no')]));
    await assert.rejects(result, { code });
    assert.deepEqual(waits, []);
    assert.equal(bus.story(), `closed:${reason}!`);
  }
});

it('publishes holes in seq, jumps as gaps, and wall times with their clock', async () => {
  const gapBefore = { reason: 'pts-jump', missingUs: 0 } as const;
  const dated = { wallTimeMs: 7_000, clock: 'program-date-time' } as const;
  const frames = [frame(0), frame(3, { gapBefore }), frame(4, dated)];
  const { bus, result } = run(new ScriptedSource([{ frames, end: { reason: 'ended', final: true } }]));
  await result;
  assert.equal(bus.story(), 'opened frames gap:pts-jump frames closed:ended!');
  assert.deepEqual(
    bus.frames.map(({ seq, wallTimeMs, clock }) => [seq, wallTimeMs, clock]),
    [
      [0, 1_000_000, 'arrival'],
      [3, 1_000_600, 'arrival'],
      [4, 7_000, 'program-date-time'],
    ],
  );
  assert.deepEqual(bus.droppable, [false, true, false, true, true, false]);
});

it('stops although nobody reads the bus any more', async () => {
  const { bus, abort, result } = run(
    new ScriptedSource([{ frames: [frame(0), frame(1)], end: lost }], false),
  );
  const started = performance.now();
  bus.gate = () => new Promise(() => {});
  setTimeout(() => abort.abort(), 50);
  assert.equal((await result).reason, 'stopped');
  assert.ok(performance.now() - started < 10_000);
});

it('reads a file to its end without loss, however slow the bus', async () => {
  const clips = await Clips.create();
  const url = await clips.plain('in.mp4', 3);
  const { bus, result } = run(createSource({ streamId: 's', url, fps: 25, width: 64, height: 36 }), {
    ms: 0,
  });
  bus.gate = () => new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(await result, { streamId: 's', reason: 'ended', sessions: 1, frames: 75, dropped: 0 });
  assert.deepEqual(
    bus.frames.map(({ seq }) => seq),
    [...Array(75).keys()],
  );
  assert.equal(bus.droppable.includes(true), false);
  await clips.remove();
});
