import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryBus } from '../../../src/bus/memory.js';
import { topics } from '../../../src/bus/topics.js';
import type { Appearance } from '../../../src/core/appearance.js';
import { SinkError } from '../../../src/sink/errors.js';
import { runSinks } from '../../../src/sink/run.js';
import { createMqtt } from '../../../src/sink/sinks/mqtt.js';
import { RecordingTelemetry } from '../../../src/telemetry/telemetry.js';
import { sinkContract } from '../../contract/sink.js';
import { TestMqttBroker } from '../../support/mqtt-broker.js';
import { keyOf, makeAppearance, makeEvent } from '../events.js';

const telemetry = new RecordingTelemetry();
const SECRET = 'p@ss/w:rd';
const url = ({ port }: { port: number }, password = SECRET) =>
  `mqtt://u:${encodeURIComponent(password)}@127.0.0.1:${port}`;
const eventsOf = (broker: TestMqttBroker) =>
  broker.messages.map(({ payload }) => JSON.parse(payload) as Appearance);

sinkContract(
  'mqtt',
  async () => {
    const broker = await TestMqttBroker.start(SECRET);
    const sink = await createMqtt({ url: url(broker) }, { telemetry });
    // The broker tells its listeners a moment after it has told the sender.
    const received = async () => {
      for (let count = -1; count < broker.messages.length; ) {
        count = broker.messages.length;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return eventsOf(broker);
    };
    return { sink, received, dispose: () => broker.down() };
  },
  async () => ({
    sink: await createMqtt({ url: url({ port: 9 }, 'hush-hush') }, { telemetry }),
    secret: 'hush-hush',
    dispose: async () => undefined,
  }),
  { everyRevision: true, refusesAfterClose: true },
);

describe('the MQTT sink', { timeout: 60_000 }, () => {
  test('publishes with QoS 1, not retained, and no name opens a level or is a wildcard', async () => {
    const broker = await TestMqttBroker.start();
    const sink = await createMqtt({ url: url(broker), topic: 'tv/logos' }, { telemetry });
    await sink.write([makeEvent('a', 0, 'started', { streamId: 'a/b', label: '#+é' })]);
    const [{ topic, qos, retain } = { topic: '', qos: 0, retain: true }] = broker.messages;
    assert.deepEqual([topic, qos, retain], ['tv/logos/a%2Fb/%23%2B%C3%A9', 1, false]);
    await sink.close();
    await broker.down();
  });

  test('a refused login is final, and holds no secret', async () => {
    const broker = await TestMqttBroker.start(SECRET);
    const sink = await createMqtt({ url: url(broker, 'wrong-one') }, { telemetry });
    await assert.rejects(sink.write(makeAppearance('a')), (error) => {
      assert.ok(error instanceof SinkError);
      assert.equal(error.scope, 'sink', error.message);
      assert.ok(!`${error.message} ${error.value}`.includes('wrong-one'));
      return true;
    });
    await sink.close();
    await broker.down();
  });

  test('a broker that says nothing is given up in time', async () => {
    const { createServer } = await import('node:net');
    const mute = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as { port: number };
    const sink = await createMqtt({ url: `mqtt://127.0.0.1:${port}`, timeoutMs: 200 }, { telemetry });
    await assert.rejects(sink.write(makeAppearance('a')), (e) => (e as SinkError).scope === 'retry');
    await sink.close();
    await new Promise((resolve) => mute.close(resolve));
  });

  test('a broker that goes and comes back gets every event', async () => {
    const broker = await TestMqttBroker.start();
    const bus = new MemoryBus({ capacity: 4096 });
    const heard = new RecordingTelemetry();
    const sink = await createMqtt({ url: url(broker) }, { telemetry: heard });
    const signal = new AbortController().signal;
    const retry = { pauseMs: 20, pauseMsMax: 100 };
    const running = runSinks({ bus, sinks: [sink], telemetry: heard, signal, retry, drainMs: 30_000 });
    const events = Array.from({ length: 200 }, (_, i) => makeAppearance(`m${i}`)).flat();
    for (const [i, value] of events.entries()) {
      await bus.send(topics.appearances, [{ key: 'news 1', value }]);
      if (i === 100) await new Promise((resolve) => setTimeout(resolve, 50));
      if (i === 100) await broker.down();
      if (i === 400) await new Promise((resolve) => setTimeout(resolve, 100));
      if (i === 400) await broker.up();
    }
    await bus.end(topics.appearances);
    const [report] = await running;
    await bus.close();
    await broker.down();
    assert.equal(report?.lost, 0);
    assert.ok(heard.events.some((e) => e.type === 'sink-retry'));
    assert.deepEqual([...new Set(eventsOf(broker).map(keyOf))], events.map(keyOf));
  });
});
