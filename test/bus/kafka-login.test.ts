import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type KafkaSection, openKafka } from '../../src/bus/kafka/config.js';
import type { KafkaBus } from '../../src/bus/kafka/kafka-bus.js';
import { topics } from '../../src/bus/topics.js';
import { describeError, LogowatchError } from '../../src/core/errors.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { makeEvent } from '../sink/events.js';
import { startCli } from '../support/cli.js';
import { withoutKafka } from '../support/kafka.js';
import { PASSWORD, SecureBroker, unsecuredToken } from '../support/secure-kafka.js';

type Sasl = NonNullable<KafkaSection['sasl']>;
const WRONG = 'wrong-horse-battery';
/** kafkajs logs in again ten seconds before the end. */
const TOKEN_SECONDS = 20;
const RUN_MS = 26_000;

describe('logging in to a real broker', { skip: withoutKafka(), timeout: 180_000 }, () => {
  let broker: SecureBroker;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'logowatch-login-'));
    broker = await SecureBroker.start();
  });
  after(async () => {
    await broker?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (sasl: Sasl | undefined, telemetry = new RecordingTelemetry()) =>
    openKafka({ ...broker.section('root'), sasl, prefix: 'login.', partitions: 1 }, telemetry);
  const send = (bus: KafkaBus, revision = 0) =>
    bus.send(topics.appearances, [{ key: 'news', value: makeEvent('a', revision, 'ongoing') }]);
  const failed = (pattern: RegExp) => (error: unknown) => {
    assert.ok(error instanceof LogowatchError && error.code === 'bus-failed', String(error));
    assert.match(describeError(error), pattern);
    return true;
  };

  const passwords = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
  const logins: Sasl[] = [
    ...passwords.map((mechanism): Sasl => ({ mechanism, username: 'root', password: PASSWORD })),
    { mechanism: 'oauthbearer', token: unsecuredToken('root', 3600) },
  ];
  for (const sasl of logins)
    it(`${sasl.mechanism} over TLS`, async () => {
      const bus = await open(sasl);
      await send(bus);
      await bus.close();
    });

  it('an authority that nobody knows is an error that says so', async () => {
    const sasl = logins[0];
    const connectTries = 2;
    const section = { ...broker.section('root'), sasl, connectTries };
    await assert.rejects(
      openKafka({ ...section, tls: true }, new RecordingTelemetry()),
      failed(/certificate/),
    );
  });

  for (const mechanism of passwords)
    it(`a wrong password by ${mechanism} is told at once, and not tried again`, async () => {
      const [telemetry, started] = [new RecordingTelemetry(), performance.now()];
      const opening = open({ mechanism, username: 'root', password: WRONG }, telemetry);
      await assert.rejects(opening, (error: Error) => {
        const all = [
          describeError(error),
          error.stack,
          JSON.stringify(error),
          JSON.stringify(telemetry.events),
        ];
        assert.ok(!all.some((text) => text?.includes(WRONG)), all.join('\n'));
        return failed(/refuses our login.*bus\.kafka\.sasl/s)(error);
      });
      assert.ok(performance.now() - started < 5_000);
      assert.deepEqual(telemetry.events, []);
    });

  it('a process with a wrong password ends, and shows it nowhere', async () => {
    const config = join(folder, 'sink.yaml');
    const secret = join(folder, 'password');
    await writeFile(secret, `${WRONG}\n`);
    await writeFile(
      config,
      [
        `bus: { kafka: { brokers: ["${broker.address}"], tls: { caFile: "${broker.caFile}" },`,
        `  sasl: { mechanism: scram-sha-512, username: sink, password: "\${file:${secret}}" } } }`,
        'sinks: [{ type: stdout }]',
        'logLevel: debug',
      ].join('\n'),
    );
    const run = (...args: string[]) =>
      startCli(args, { env: { LOGOWATCH_DEBUG: '1' }, limitMs: 60_000 }).ended;
    const refused = await run('sink', '-c', config);
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, /Kafka refuses our login/);
    const shown = await run('watch', '-c', config, '--print-config');
    assert.match(shown.stdout, /"password": "\*\*\*"/);
    for (const { stdout, stderr } of [refused, shown]) assert.ok(!(stdout + stderr).includes(WRONG));
  });

  it('a token is read again from its file before it ends; one that stays the same is refused', async () => {
    const tokenFile = join(folder, 'token');
    const renew = () => writeFile(tokenFile, `${unsecuredToken('root', TOKEN_SECONDS)}\n`);
    await renew();
    const renewing = setInterval(() => void renew(), 2_000);
    const renewed = await open({ mechanism: 'oauthbearer', tokenFile });
    const fixed = await open({ mechanism: 'oauthbearer', token: unsecuredToken('root', TOKEN_SECONDS) });
    try {
      const seen: number[] = [];
      const reading = (async () => {
        const options = { group: 'g', maxRecords: 8, terminal: true };
        for await (const batch of renewed.subscribe(topics.appearances, options)) {
          seen.push(...batch.records.map(({ value }) => value.revision));
          await batch.commit();
        }
      })();
      const [started, sent] = [performance.now(), [] as number[]];
      let refused: unknown;
      for (let i = 1000; performance.now() - started < RUN_MS; i++) {
        await send(renewed, i);
        sent.push(i);
        await send(fixed, 1).catch((error: unknown) => {
          refused ??= error;
        });
        await sleep(500);
      }
      await renewed.end(topics.appearances);
      await reading;
      assert.deepEqual(
        seen.filter((n) => n >= 1000),
        sent,
      );
      failed(/refuses our login/)(refused);
    } finally {
      clearInterval(renewing);
      await Promise.all([renewed.close(), fixed.close()]);
    }
  });

  it('a token file that is not there is told', async () => {
    const tokenFile = join(folder, 'none');
    const section = {
      ...broker.section('root'),
      sasl: { mechanism: 'oauthbearer', tokenFile } as const,
      connectTries: 2,
    };
    await assert.rejects(openKafka(section, new RecordingTelemetry()), failed(/none/));
  });
});

describe('certificates of clients', { skip: withoutKafka(), timeout: 120_000 }, () => {
  let broker: SecureBroker;
  before(async () => {
    broker = await SecureBroker.startMutual();
  });
  after(() => broker?.stop());

  const open = (section: KafkaSection) => {
    const few = { ...section, prefix: 'mutual.', partitions: 1, connectTries: 2 };
    return openKafka(few, new RecordingTelemetry());
  };

  it('one that the broker knows is let in', async () => {
    const bus = await open(broker.certified('client'));
    await bus.send(topics.appearances, [{ key: 'news', value: makeEvent('a', 0, 'ongoing') }]);
    await bus.close();
  });

  it('none, and a stranger’s, are refused', async () => {
    const { brokers } = broker.certified('client');
    for (const section of [broker.certified('stranger'), { brokers, tls: { caFile: broker.caFile } }])
      await assert.rejects(open(section), (error) => {
        assert.ok(error instanceof LogowatchError && error.code === 'bus-failed', String(error));
        assert.match(describeError(error), /certificate/);
        return true;
      });
  });
});
