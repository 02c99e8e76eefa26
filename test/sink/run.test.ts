import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryBus } from '../../src/bus/memory.js';
import { topics } from '../../src/bus/topics.js';
import type { Appearance } from '../../src/core/appearance.js';
import { LogowatchError } from '../../src/core/errors.js';
import { SinkError } from '../../src/sink/errors.js';
import type { RetryPolicy } from '../../src/sink/pump.js';
import { runSinks } from '../../src/sink/run.js';
import type { Sink } from '../../src/sink/sink.js';
import { createWebhook } from '../../src/sink/sinks/webhook.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { keyOf, makeAppearance, makeEvent } from './events.js';
import { startReceiver } from './receiver.js';

const QUICK: Partial<RetryPolicy> = { pauseMs: 5, pauseMsMax: 20, closeMs: 200 };

/** Keeps what it gets; `hinder` may throw or wait before. */
class MemorySink implements Sink {
  readonly name: string;
  readonly events: Appearance[] = [];
  closed = 0;
  readonly #hinder: (events: readonly Appearance[]) => Promise<void>;
  constructor(
    name: string,
    hinder: (events: readonly Appearance[]) => Promise<void> = async () => undefined,
  ) {
    this.name = name;
    this.#hinder = hinder;
  }
  async write(events: readonly Appearance[]): Promise<void> {
    await this.#hinder(events);
    this.events.push(...events);
  }
  async close(): Promise<void> {
    this.closed++;
  }
}

interface Given {
  sinks: Sink[];
  events?: readonly Appearance[];
  capacity?: number;
  drainMs?: number;
  retry?: Partial<RetryPolicy>;
  signal?: AbortSignal;
}

/** Publishes everything, ends the topic, and lets the sinks work it off. */
async function play(given: Given) {
  const telemetry = new RecordingTelemetry();
  const bus = new MemoryBus({ capacity: given.capacity ?? 256 });
  const running = runSinks({
    bus,
    sinks: given.sinks,
    telemetry,
    signal: given.signal ?? new AbortController().signal,
    retry: { ...QUICK, ...given.retry },
    drainMs: given.drainMs ?? 5000,
  });
  const outcome = running.then(
    (reports) => ({ reports, error: undefined }),
    (error: unknown) => ({ reports: undefined, error: error as LogowatchError }),
  );
  const send = async () => {
    for (const event of given.events ?? EVENTS) {
      await bus.send(topics.appearances, [{ key: event.streamId, value: event }]);
    }
    await bus.end(topics.appearances);
  };
  await Promise.race([send(), outcome]);
  const result = await outcome;
  await bus.close();
  return { ...result, telemetry };
}

const EVENTS = Array.from({ length: 40 }, (_, i) => makeAppearance(`a${i}`)).flat();
const KEYS = EVENTS.map(keyOf);
const keys = (sink: MemorySink) => sink.events.map(keyOf);

describe('runSinks', { timeout: 30_000 }, () => {
  test('every sink gets every event in order, and is closed', async () => {
    const sinks = [new MemorySink('one'), new MemorySink('two')];
    const { reports } = await play({ sinks });
    assert.deepEqual(sinks.map(keys), [KEYS, KEYS]);
    assert.deepEqual(
      sinks.map((s) => s.closed),
      [1, 1],
    );
    assert.deepEqual(reports, [
      { name: 'one', delivered: 120, lost: 0 },
      { name: 'two', delivered: 120, lost: 0 },
    ]);
  });

  test('without any sink the stages before are not held up', async () => {
    const { reports } = await play({ sinks: [], capacity: 4 });
    assert.deepEqual(reports, []);
  });

  test('a sink that fails for a while loses nothing', async () => {
    let failures = 6;
    const sink = new MemorySink('shaky', async () => {
      if (failures-- > 0) throw new LogowatchError('disk-full', 'full');
    });
    const { reports, telemetry } = await play({ sinks: [sink] });
    assert.deepEqual(keys(sink), KEYS);
    assert.equal(reports?.[0]?.lost, 0);
    const attempts = telemetry.events.filter((e) => e.type === 'sink-retry').map((e) => e.attempt);
    assert.deepEqual(attempts, [1, 2, 3, 4, 5, 6]);
  });

  test('a stuck sink does not keep the others from the events that its queue can hold', async () => {
    let release = (): void => undefined;
    const opened = new Promise<void>((resolve) => {
      release = resolve;
    });
    const stuck = new MemorySink('stuck', () => opened);
    const fine = new MemorySink('fine');
    const playing = play({ sinks: [stuck, fine] });
    while (fine.events.length < EVENTS.length) await sleep(5);
    assert.equal(stuck.events.length, 0);
    release();
    await playing;
    assert.deepEqual(keys(stuck), KEYS);
  });

  test('a dead sink is reported, takes its events off the bus, and the run fails at its end', async () => {
    const dead = new MemorySink('dead', async () => {
      throw new SinkError('no entry', { scope: 'sink', remedy: 'Mend it' });
    });
    const fine = new MemorySink('fine');
    const { error, telemetry } = await play({ sinks: [dead, fine], capacity: 4 });
    assert.deepEqual(keys(fine), KEYS);
    assert.equal(error?.code, 'sink-failed');
    assert.match(error?.message ?? '', /dead: 120 events lost, no entry/);
    assert.equal(error?.remedy, 'Mend it');
    const told = telemetry.events.filter((e) => e.type === 'sink-failed').map((e) => e.events);
    assert.equal(
      told.reduce((a, b) => a + b, 0),
      120,
    );
  });

  test('when no sink is left the run ends at once', async () => {
    const dead = new MemorySink('dead', async () => {
      throw new SinkError('no entry', { scope: 'sink' });
    });
    const bus = new MemoryBus({ capacity: 4 });
    await bus.send(topics.appearances, [{ key: 's', value: makeEvent('a', 0, 'started') }]);
    const running = runSinks({
      bus,
      sinks: [dead],
      telemetry: new RecordingTelemetry(),
      signal: new AbortController().signal,
    });
    await assert.rejects(running, { code: 'sink-failed' });
    await bus.close();
  });

  test('one refused event is set aside, the others get through', async () => {
    const sink = new MemorySink('picky', async (events) => {
      if (events.some((e) => e.id === 'a7')) throw new SinkError('bad event', { scope: 'event' });
    });
    const { error, telemetry } = await play({ sinks: [sink] });
    const wanted = KEYS.filter((key) => !key.startsWith('a7/'));
    assert.deepEqual(keys(sink), wanted);
    assert.match(error?.message ?? '', /picky: 3 events lost/);
    assert.equal(telemetry.events.filter((e) => e.type === 'sink-failed').length, 3);
  });

  test('a sink that refuses every event is given up', async () => {
    let writes = 0;
    const sink = new MemorySink('wall', async () => {
      writes++;
      throw new SinkError('bad event', { scope: 'event' });
    });
    const { error } = await play({ sinks: [sink, new MemorySink('fine')] });
    assert.match(error?.message ?? '', /wall: 120 events lost/);
    assert.ok(writes <= 14, `${writes} writes`);
  });

  test('what cannot be delivered in the time for draining is lost and said', async () => {
    const down = new MemorySink('down', async () => {
      throw new Error('nobody there');
    });
    const stuck = new MemorySink('stuck', () => new Promise(() => undefined));
    const fine = new MemorySink('fine');
    const started = performance.now();
    const { error } = await play({ sinks: [down, stuck, fine], drainMs: 200 });
    assert.ok(performance.now() - started < 5000);
    assert.deepEqual(keys(fine), KEYS);
    assert.match(error?.message ?? '', /down: 120 events lost/);
    assert.match(error?.message ?? '', /stuck: 120 events lost/);
  });

  test('a sink that takes nothing for too long is given up', async () => {
    const down = new MemorySink('down', async () => {
      throw new Error('nobody there');
    });
    const { error } = await play({ sinks: [down], retry: { giveUpMs: 50 }, drainMs: 60_000 });
    assert.match(error?.message ?? '', /given up/);
  });

  test('a webhook through a real server that fails now and then: nothing lost, nothing twice', async () => {
    const receiver = await startReceiver((response, _delivery, index) => {
      if (index % 5 === 1) response.writeHead(503, { 'retry-after': '0' }).end();
      else if (index % 7 === 2) response.destroy();
      else response.writeHead(204).end();
    });
    const sink = await createWebhook({ url: receiver.url }, { telemetry: new RecordingTelemetry() });
    const { reports } = await play({ sinks: [sink] });
    assert.equal(reports?.[0]?.lost, 0);
    const got = receiver.accepted.map((d) => keyOf(d.event.data as Appearance));
    assert.deepEqual(got.toSorted(), KEYS.filter((key) => !key.endsWith('/1')).toSorted());
    for (let i = 0; i < 40; i++) assert.ok(got.indexOf(`a${i}/0`) < got.indexOf(`a${i}/2`));
    await receiver.close();
  });
});
