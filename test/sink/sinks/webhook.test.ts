import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { Appearance } from '../../../src/core/appearance.js';
import { describeError } from '../../../src/core/errors.js';
import { SinkError } from '../../../src/sink/errors.js';
import { createWebhook, parseRetryAfter, type WebhookOptions } from '../../../src/sink/sinks/webhook.js';
import { RecordingTelemetry } from '../../../src/telemetry/telemetry.js';
import { sinkContract } from '../../contract/sink.js';
import { keyOf, makeAppearance, makeEvent } from '../events.js';
import { type Answer, startReceiver } from '../receiver.js';

const context = { telemetry: new RecordingTelemetry() };

sinkContract(
  'webhook',
  async () => {
    const receiver = await startReceiver();
    const sink = await createWebhook({ url: receiver.url }, context);
    const received = async () => receiver.accepted.map((d) => d.event.data as Appearance);
    return { sink, received, dispose: receiver.close };
  },
  async () => {
    const receiver = await startReceiver((response) => response.writeHead(403).end());
    const sink = await createWebhook({ url: receiver.url, token: 't0ken' }, context);
    return { sink, secret: 's3cret', dispose: receiver.close };
  },
  { everyRevision: false, refusesAfterClose: true },
);

type Receiver = Awaited<ReturnType<typeof startReceiver>>;
async function using(
  answer: Answer | undefined,
  options: Partial<WebhookOptions>,
  body: (sink: Awaited<ReturnType<typeof createWebhook>>, receiver: Receiver) => Promise<void>,
): Promise<void> {
  const receiver = await startReceiver(answer);
  const sink = await createWebhook({ url: receiver.url, ...options }, context);
  try {
    await body(sink, receiver);
  } finally {
    await sink.close();
    await receiver.close();
  }
}

const failsWith = (scope: string, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SinkError, String(error));
  assert.equal(error.scope, scope);
  assert.match(error.message, pattern);
  assert.doesNotMatch(describeError(error), /s3cret|t0ken|pa55/);
  return true;
};

const [started, , ended] = makeAppearance('id1') as [Appearance, Appearance, Appearance];

test('start and end are CloudEvents in structured mode, with an idempotency key', () =>
  using(undefined, {}, async (sink, receiver) => {
    await sink.write(makeAppearance('id1'));
    assert.deepEqual(
      receiver.accepted.map((d) => d.event),
      [
        {
          specversion: '1.0',
          id: 'id1/0',
          source: '/logowatch/news%201',
          type: 'io.logowatch.appearance.started',
          subject: 'acme',
          time: '2026-01-02T03:04:05.600Z',
          datacontenttype: 'application/json',
          data: started,
        },
        {
          specversion: '1.0',
          id: 'id1/2',
          source: '/logowatch/news%201',
          type: 'io.logowatch.appearance.ended',
          subject: 'acme',
          time: '2026-01-02T03:04:11.000Z',
          datacontenttype: 'application/json',
          data: ended,
        },
      ],
    );
    const { headers } = receiver.accepted[1]!;
    assert.equal(headers['idempotency-key'], 'id1-2');
    assert.equal(headers['content-type'], 'application/cloudevents+json; charset=utf-8');
    assert.equal(headers.authorization, undefined);
  }));

test('token and signature', () =>
  using(undefined, { token: 't0ken', hmacSecret: 'key' }, async (sink, receiver) => {
    await sink.write([started]);
    const { headers, body } = receiver.accepted[0]!;
    assert.equal(headers.authorization, 'Bearer t0ken');
    const hmac = createHmac('sha256', 'key').update(body).digest('hex');
    assert.equal(headers['logowatch-signature'], `sha256=${hmac}`);
  }));

test('user info in the address becomes Basic authorization', async () => {
  const receiver = await startReceiver();
  const sink = await createWebhook({ url: `http://me:pa55@127.0.0.1:${receiver.port}/` }, context);
  await sink.write([started]);
  assert.equal(receiver.accepted[0]?.headers.authorization, 'Basic bWU6cGE1NQ==');
  await sink.close();
  await receiver.close();
});

test('5xx and 429 may be repeated; Retry-After is handed on', async () => {
  await using(
    (r) => r.writeHead(503).end(),
    {},
    (sink) => assert.rejects(sink.write([started]), failsWith('retry', /503/)),
  );
  await using(
    (r) => r.writeHead(429, { 'retry-after': '7' }).end(),
    {},
    (sink) =>
      assert.rejects(sink.write([started]), (error) => {
        failsWith('retry', /429/)(error);
        assert.equal((error as SinkError).retryAfterMs, 7000);
        return true;
      }),
  );
});

test('refused for the event, or for the address and its credentials', async () => {
  for (const [status, scope] of [
    [400, 'event'],
    [413, 'event'],
    [422, 'event'],
    [401, 'sink'],
    [404, 'sink'],
    [307, 'sink'],
  ] as const) {
    await using(
      (r) => r.writeHead(status, { location: 'http://127.0.0.1:9/' }).end(),
      {},
      (sink) => assert.rejects(sink.write([started]), failsWith(scope, new RegExp(String(status)))),
    );
  }
});

test('a stalled server is left after the timeout', () =>
  using(
    () => undefined,
    { timeoutMs: 150 },
    (sink) => assert.rejects(sink.write([started]), failsWith('retry', /no answer within 150 ms/)),
  ));

test('a connection that breaks before the answer may be repeated, one that breaks after its head is done', async () => {
  await using(
    (r) => r.destroy(),
    {},
    (sink) => assert.rejects(sink.write([started]), failsWith('retry', /cannot be reached/)),
  );
  await using(
    (r) => {
      r.writeHead(200, { 'content-length': '1000' });
      r.write('partly');
      setTimeout(() => r.destroy(), 20);
    },
    {},
    async (sink, receiver) => {
      await sink.write([started]);
      await sink.write([started]);
      assert.equal(receiver.requests.length, 1, 'acknowledged, so not sent again');
    },
  );
});

test('nobody listening may be repeated', async () => {
  const receiver = await startReceiver();
  await receiver.close();
  const sink = await createWebhook({ url: receiver.url }, context);
  await assert.rejects(sink.write([started]), failsWith('retry', /ECONNREFUSED/));
  await sink.close();
});

test('a repeated batch sends only what has not gone through, the end never before its start', async () => {
  let broken = true;
  await using(
    (r, d) => r.writeHead(broken && d.event.id.startsWith('b/') ? 500 : 204).end(),
    {},
    async (sink, receiver) => {
      const events = [...makeAppearance('a'), ...makeAppearance('b')];
      await assert.rejects(sink.write(events), failsWith('retry', /500/));
      broken = false;
      await sink.write(events);
      const ids = receiver.accepted.map((d) => d.event.id);
      assert.deepEqual(ids.sort(), ['a/0', 'a/2', 'b/0', 'b/2']);
      const ofB = receiver.requests.map((d) => d.event.id).filter((id) => id.startsWith('b/'));
      assert.deepEqual(ofB, ['b/0', 'b/0', 'b/2']);
    },
  );
});

test('no more requests at once than allowed, and more than one', () =>
  using(
    (r) => setTimeout(() => r.writeHead(204).end(), 30),
    { concurrency: 3 },
    async (sink, receiver) => {
      const events = Array.from({ length: 9 }, (_, i) => makeEvent(`a${i}`, 0, 'started'));
      await sink.write(events);
      assert.equal(receiver.figures.underWayMax, 3);
      assert.deepEqual(
        receiver.accepted.map((d) => keyOf(d.event.data as Appearance)).sort(),
        events.map(keyOf).sort(),
      );
    },
  ));

test('closing cuts off a request under way', () =>
  using(
    () => undefined,
    { timeoutMs: 60_000 },
    async (sink) => {
      const writing = sink.write([started]);
      setTimeout(() => void sink.close(), 50);
      await assert.rejects(writing, failsWith('sink', /closed/));
    },
  ));

test('Retry-After in seconds, as a date, and unreadable', () => {
  assert.equal(parseRetryAfter('2', 0), 2000);
  assert.equal(parseRetryAfter('Thu, 01 Jan 1970 00:01:00 GMT', 20_000), 40_000);
  assert.equal(parseRetryAfter('Thu, 01 Jan 1970 00:00:00 GMT', 20_000), 0);
  assert.equal(parseRetryAfter('soon', 0), undefined);
  assert.equal(parseRetryAfter(null, 0), undefined);
});
