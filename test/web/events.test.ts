import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EventHub, type EventPipe } from '../../src/web/hub.js';
import { until } from '../support/wait.js';
import { appearance, startTestServer, type TestServer } from './support.js';

interface Heard {
  id?: string;
  event?: string;
  data?: string;
}

/** Listens until it is told to stop; what it heard, as it came. */
function listen(url: string, lastEventId?: string) {
  const heard: Heard[] = [];
  const abort = new AbortController();
  const done = (async () => {
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const response = await fetch(`${url}/api/events`, { signal: abort.signal, headers });
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
    let rest = '';
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      rest += text;
      const blocks = rest.split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks)
        heard.push(
          Object.fromEntries(block.split('\n').map((l) => [l.split(': ')[0], l.slice(l.indexOf(': ') + 2)])),
        );
    }
  })().catch(() => undefined);
  const stop = () => {
    abort.abort();
    return done;
  };
  return { heard, stop };
}

describe('GET /api/events', { timeout: 60_000 }, () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.addStreams(['news']);
  });
  after(() => server.close());

  const labels = (heard: readonly Heard[]) =>
    heard.filter((h) => h.event === 'appearance').map((h) => (JSON.parse(h.data ?? '') as { id: string }).id);

  it('tells of appearances and streams; who comes back is told what was missed, once', async () => {
    const first = listen(server.url);
    await until('the streams', () => first.heard.some((h) => h.event === 'streams'));
    await server.state.sink().write([appearance(1)]);
    await until('the appearance', () => labels(first.heard).length === 1);
    const last = first.heard.findLast((h) => h.id !== undefined)?.id;
    await first.stop();
    await until('it is gone', () => server.state.hub.clients === 0);
    await server.state.sink().write([appearance(2), appearance(3)]);

    const second = listen(server.url, last);
    await until('what was missed', () => labels(second.heard).length === 2);
    assert.equal(second.heard.find((h) => h.event === 'hello')?.data, '{"resumed":true}');
    assert.deepEqual(labels(second.heard), ['appearance-2', 'appearance-3']);
    await second.stop();
    for (const unknown of ['other-1', 'nonsense', `${last}999`]) {
      const third = listen(server.url, unknown);
      await until('hello', () => third.heard.some((h) => h.event === 'caught-up'));
      assert.equal(third.heard.find((h) => h.event === 'hello')?.data, '{"resumed":false}', unknown);
      assert.deepEqual(labels(third.heard), []);
      await third.stop();
    }
  });

  it('tells when a stream’s health changes', async () => {
    const client = listen(server.url);
    await until('it listens', () => server.state.hub.clients === 1);
    server.state.health.emit({ type: 'frames-dropped', streamId: 'news', count: 5, reason: 'bus-queue' });
    await until('the drops', () =>
      client.heard.some((h) => h.event === 'streams' && /"dropped":5/.test(h.data ?? '')),
    );
    await client.stop();
  });
});

describe('the hub', () => {
  class Pipe implements EventPipe {
    text = '';
    destroyed = false;
    /** What waits: nothing is ever read where it is slow. */
    readonly slow: boolean;
    constructor(slow: boolean) {
      this.slow = slow;
    }
    get writableLength(): number {
      return this.slow ? this.text.length : 0;
    }
    write(text: string): void {
      this.text += text;
    }
    destroy(): void {
      this.destroyed = true;
    }
  }

  it('cuts off who cannot follow, counts it, and lets nobody else wait', () => {
    let cut = 0;
    const hub = new EventHub({ waitingMax: 10_000, onCut: () => cut++ });
    const [slow, quick] = [new Pipe(true), new Pipe(false)];
    hub.join(slow, undefined);
    hub.join(quick, undefined);
    for (let n = 0; n < 100; n++) hub.publish('appearance', { n, filler: 'x'.repeat(500) }, { kept: true });
    assert.ok(slow.destroyed && slow.text.length <= 10_000);
    assert.ok(!quick.destroyed && quick.text.includes('"n":99'));
    assert.deepEqual([hub.clients, hub.cut, cut], [1, 1, 1]);
    hub.close();
  });

  it('keeps a bounded number of events, and says where that does not reach', () => {
    const hub = new EventHub({ kept: 3 });
    const first = new Pipe(false);
    hub.join(first, undefined);
    for (let n = 0; n < 10; n++) hub.publish('appearance', { n }, { kept: true });
    const ids = [...first.text.matchAll(/^id: (\S+)$/gm)].map(([, id]) => id);
    const resume = (id: string | undefined) => {
      const pipe = new Pipe(false);
      hub.join(pipe, id);
      return [
        /"resumed":true/.test(pipe.text),
        [...pipe.text.matchAll(/"n":(\d+)/g)].map(([, n]) => Number(n)),
      ];
    };
    assert.deepEqual(resume(ids.at(-1)), [true, []]);
    assert.deepEqual(resume(ids.at(-3)), [true, [8, 9]]);
    assert.deepEqual(resume(ids.at(-4)), [true, [7, 8, 9]]);
    assert.deepEqual(resume(ids.at(-5)), [false, []]);
    hub.close();
  });
});
