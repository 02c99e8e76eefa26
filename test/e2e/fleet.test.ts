import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Appearance } from '../../src/core/appearance.js';
import { useShippedFonts } from '../../src/core/fonts.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import type { StreamView } from '../../src/streams/view.js';
import { lastRevisions, type RunningCli, readEvents, startCli } from '../support/cli.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { TestBroker, withoutKafka } from '../support/kafka.js';
import { model } from '../support/kafka-stages.js';
import { freePort } from '../support/ports.js';
import { children } from '../support/processes.js';
import { type Publisher, publishRtsp } from '../support/publish.js';
import { RtspRelay } from '../support/rtsp-relay.js';
import { StreamsClient } from '../support/streams-client.js';
import { until } from '../support/wait.js';

const token = 'test-token-0123456789';
const SESSION_MS = 6_000;
/** A source opens in a second or two; the machine may be busy. */
const START_MS_MAX = 20_000;
const ids = ['s1', 's2', 's3', 's4', 's5', 's6'];

interface Node {
  readonly cli: RunningCli;
  readonly client: StreamsClient;
  readonly config: string;
  name: string;
}

describe('ingest nodes that share streams', { skip: withoutKafka(), timeout: 600_000 }, () => {
  let folder: string;
  let broker: TestBroker;
  let publisher: Publisher;
  const relay = new RtspRelay({ burstPackets: 200 });
  const running: RunningCli[] = [];
  let [a, b]: Node[] = [];
  let inferPort: number;

  before(async () => {
    useShippedFonts();
    folder = mkdtempSync(join(tmpdir(), 'logowatch-fleet-'));
    const ffmpeg = await npmFfmpeg();
    const file = join(folder, 'clip.mp4');
    await composeBroadcast({ ffmpegPath: ffmpeg.path, seed: 5, seconds: 30, output: file });
    broker = await TestBroker.start();
    await relay.start();
    publisher = publishRtsp(relay.url('live/x'), { ffmpeg, file, gop: 12 });
    await relay.published('live/x');
    inferPort = await freePort('tcp');
    const stages = write('stages', ids);
    running.push(startCli(['sink', '-c', stages], { limitMs: 600_000, env: { OPS_PORT: '0' } }));
    const env = { OPS_PORT: String(inferPort) };
    running.push(startCli(['infer', '-c', stages], { limitMs: 600_000, env }));
    [a, b] = [await node('a'), await node('b')];
  });
  after(async () => {
    for (const { child } of running) {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
    }
    await publisher?.kill();
    await relay.stop();
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function write(name: string, streams: readonly string[]): string {
    const config = join(folder, `${name}.yaml`);
    const kafka = `{ brokers: ["${broker.address}"], sessionTimeoutMs: ${SESSION_MS} }`;
    writeFileSync(
      config,
      [
        `model: ${model}`,
        `ops: { port: "\${OPS_PORT}", token: ${token} }`,
        `bus: { kafka: ${kafka} }`,
        'defaults: { fps: 3, keyframesOnly: true }',
        `streams: [${streams.map((id) => `{ id: ${id}, url: "${relay.url('live/x')}" }`).join(', ')}]`,
        `sinks: [{ type: jsonl, path: "${join(folder, 'events.jsonl')}" }]`,
      ].join('\n'),
    );
    return config;
  }

  /** As on a machine of its own: each has a copy of the config. */
  async function node(name: string): Promise<Node> {
    const config = write(name, ids);
    const port = await freePort('tcp');
    const cli = startCli(['ingest', '-c', config], { limitMs: 600_000, env: { OPS_PORT: String(port) } });
    running.push(cli);
    void cli.ended.then(({ code, stderr }) => code && console.error(`node ${name}: ${stderr.slice(-2000)}`));
    const client = new StreamsClient(`http://127.0.0.1:${port}`, token);
    await client.until(`${name} answers`, () => true, 60_000);
    return { cli, client, config, name: (await client.listing()).node };
  }

  const events = (): Appearance[] => {
    const file = join(folder, 'events.jsonl');
    return existsSync(file) ? readEvents(file) : [];
  };
  const on = (streams: Record<string, StreamView>, { name }: Node) =>
    Object.values(streams).filter((s) => s.node === name && s.state === 'running');
  const allRun = (streams: Record<string, StreamView>) =>
    ids.every((id) => streams[id]?.state === 'running' && streams[id].framesPerSecond > 0);
  const openOn = (streams: readonly StreamView[]) =>
    lastRevisions(events()).find((e) => e.state !== 'ended' && streams.some((s) => s.session === e.session));

  /** Nothing twice, nothing left out, and no logo is seen twice at one time on one stream. */
  function assertNothingDoubled(): void {
    const all = events();
    const names = all.map((e) => `${e.id} ${e.revision}`);
    assert.equal(new Set(names).size, names.length);
    const last = lastRevisions(all);
    for (const { id, revision } of last)
      assert.equal(names.filter((n) => n.startsWith(id)).length, revision + 1);
    for (const x of last)
      for (const y of last) {
        if (x.id >= y.id || x.streamId !== y.streamId || x.label !== y.label) continue;
        const overlapMs =
          Math.min(Date.parse(x.endTime), Date.parse(y.endTime)) -
          Math.max(Date.parse(x.startTime), Date.parse(y.startTime));
        assert.ok(overlapMs <= 500, `${overlapMs} ms: ${JSON.stringify([x, y])}`);
      }
  }
  const metric = async (name: RegExp): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${inferPort}/metrics`)).text();
    return [...text.matchAll(name)].reduce((n, [, value]) => n + Number(value), 0);
  };

  it('spread six streams over two, neither idle, and each shows all', async () => {
    for (const { client } of [a!, b!])
      await client.until(
        'all run, three on each',
        (s) => allRun(s) && on(s, a!).length === 3 && on(s, b!).length === 3,
        90_000,
      );
    const [seenByA, seenByB] = [await a!.client.streams(), await b!.client.streams()];
    assert.deepEqual(Object.keys(seenByA), ids);
    for (const id of ids) assert.equal(seenByA[id]?.node, seenByB[id]?.node);
  });

  it('take changes from any node: what one is told, the other does', async () => {
    const before = await a!.client.streams();
    const theirs = on(before, b!)[0]!;
    assert.equal((await a!.client.call('POST', `/${theirs.id}/pause`)).status, 204);
    await a!.client.until('it rests there', (s) => s[theirs.id]?.state === 'paused');
    assert.equal((await b!.client.call('POST', `/${theirs.id}/resume`)).status, 204);
    await a!.client.until(
      'it runs there',
      (s) => s[theirs.id]?.state === 'running' && s[theirs.id]?.node === b!.name,
    );
    assert.equal((await b!.client.call('PUT', '/added', { url: relay.url('live/x') })).status, 201);
    await a!.client.until('what was added runs', (s) => s.added?.state === 'running');
    assert.equal((await a!.client.call('DELETE', '/added')).status, 204);
    await b!.client.until('and is gone', (s) => s.added === undefined);
    const now = await b!.client.streams();
    for (const id of ids.filter((id) => id !== theirs.id))
      assert.equal(now[id]?.session, before[id]?.session);
  });

  it('a node killed while an appearance is open: the other goes on with its streams', async (t: TestContext) => {
    await until('a logo is seen', () => events().length > 0, 120_000).catch(async (error: unknown) => {
      t.diagnostic(`${await metric(/^logowatch_frames_inferred_total\{.*\} (\d+)$/gm)} frames inferred`);
      throw error;
    });
    let before = await b!.client.streams();
    for (let i = 0; i < 400 && openOn(on(before, a!)) === undefined; i++) {
      await sleep(200);
      before = await b!.client.streams();
    }
    const open = openOn(on(before, a!))!;
    assert.ok(open, 'an appearance is open on a');
    const [lost, kept] = [on(before, a!), on(before, b!)];
    const killed = performance.now();
    const readers = children(a!.cli.child.pid);
    a!.cli.child.kill('SIGKILL');
    await b!.client.until('b has all', (s) => allRun(s) && on(s, b!).length === ids.length, 60_000);
    const seconds = (performance.now() - killed) / 1000;
    t.diagnostic(`${lost.length} streams go on after ${seconds.toFixed(1)} s`);
    assert.ok(seconds * 1000 < SESSION_MS + START_MS_MAX, `${seconds} s`);
    const now = await b!.client.streams();
    for (const { id, session } of kept) assert.equal(now[id]?.session, session, 'not disturbed');
    const closed = () => events().filter((e) => e.id === open.id && e.state === 'ended');
    await until('what was open is closed', () => closed().length > 0, 60_000);
    assert.deepEqual(
      closed().map((e) => e.endReason),
      ['stream-lost'],
    );
    await until('its ffmpegs are gone too', () => readers.every(({ pid }) => !isReading(pid)));
    assertNothingDoubled();
  });

  it('a node that comes gets its share, and what stays does not notice', async () => {
    const before = await b!.client.streams();
    a = await node('a');
    await b!.client.until('both have theirs', (s) => allRun(s) && on(s, a!).length === 3, 60_000);
    const now = await b!.client.streams();
    for (const { id, session } of on(now, b!)) assert.equal(session, before[id]?.session);
    assertNothingDoubled();
  });

  it('a node taken for dead that wakes up lets go at once, and doubles nothing', async (t: TestContext) => {
    const theirs = on(await a!.client.streams(), b!).map((s) => s.id);
    const stopped = performance.now();
    b!.cli.child.kill('SIGSTOP');
    await a!.client.until('a has all', (s) => allRun(s) && on(s, a!).length === ids.length, 60_000);
    t.diagnostic(
      `${theirs.length} streams go on after ${((performance.now() - stopped) / 1000).toFixed(1)} s`,
    );
    const taken = await a!.client.streams();
    await sleep(3_000);
    b!.cli.child.kill('SIGCONT');
    const woken = performance.now();
    await until('it notices', () => b!.cli.text.stderr.includes('its share is given up'));
    t.diagnostic(`noticed after ${((performance.now() - woken) / 1000).toFixed(2)} s`);
    await b!.client.until('both have theirs again', (s) => allRun(s) && on(s, b!).length === 3, 60_000);
    const now = await a!.client.streams();
    for (const { id, session } of on(now, a!)) assert.equal(session, taken[id]?.session, 'not disturbed');
    await sleep(5_000);
    t.diagnostic(
      `frames of the old sessions: ${await metric(/_dropped_total\{[^}]*reason="superseded"\} (\d+)/g)}`,
    );
    assertNothingDoubled();
  });

  it('what a config names no longer stops, wherever it runs', async () => {
    const [theirs] = on(await a!.client.streams(), b!);
    write(
      'a',
      ids.filter((id) => id !== theirs!.id),
    );
    await b!.client.until('it is gone', (s) => s[theirs!.id] === undefined);
    await until(
      'its ffmpeg too',
      () => children(b!.cli.child.pid).filter((c) => c.commandLine.includes('showinfo')).length === 2,
    );
    assert.match(a!.cli.text.stderr, new RegExp(`names them no longer: ${theirs!.id}`));
  });

  it('a node that is stopped closes its sessions and gives its share back', async (t: TestContext) => {
    const before = on(await a!.client.streams(), b!).length;
    const asked = performance.now();
    b!.cli.child.kill('SIGTERM');
    assert.equal((await b!.cli.ended).code, 0, b!.cli.text.stderr);
    assert.ok(performance.now() - asked < 10_000);
    await a!.client.until('a has all', (s) => on(s, a!).length === ids.length - 1, 60_000);
    t.diagnostic(
      `${before} streams go on ${((performance.now() - asked) / 1000).toFixed(1)} s after the signal`,
    );
    assertNothingDoubled();
  });
});

function isReading(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
