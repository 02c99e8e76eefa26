import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { repoRoot } from '../../src/core/root.js';
import type { FfmpegBinary } from '../../src/ingest/ffmpeg/locate.js';
import { type RunningCli, startCli } from '../support/cli.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { HlsServer } from '../support/hls-server.js';
import { freePort } from '../support/ports.js';
import { children } from '../support/processes.js';
import { type Publisher, publishHls, publishRtsp } from '../support/publish.js';
import { RtspRelay } from '../support/rtsp-relay.js';
import { StreamsClient } from '../support/streams-client.js';

const model = join(repoRoot(), 'models', 'demo');
const token = 'test-token-0123456789';

describe('streams changed while logowatch watch runs', { timeout: 240_000 }, () => {
  let folder: string;
  let config: string;
  let ffmpeg: FfmpegBinary;
  let cli: RunningCli;
  let client: StreamsClient;
  let port: number;
  const relay = new RtspRelay({ burstPackets: 100, credentials: 'viewer:passw0rd-of-tests' });
  const publishers: Publisher[] = [];
  let hls: HlsServer;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'logowatch-streams-'));
    config = join(folder, 'logowatch.yaml');
    ffmpeg = await npmFfmpeg();
    await relay.start();
    hls = new HlsServer({ folder });
    await hls.start();
    publishers.push(publishRtsp(relay.url('live/a'), { ffmpeg, fps: 10, gop: 10 }));
    publishers.push(publishHls(folder, { ffmpeg, fps: 10, gop: 10 }));
    await relay.published('live/a');
    port = await freePort('tcp');
    write([named('a')]);
    const env = { CAM_USER: 'viewer', CAM_PASSWORD: 'passw0rd-of-tests', OTHER_SECRET: 'hunter2-hunter2' };
    cli = startCli(['watch', '-c', config, '-q', '--log-level', 'info'], { env });
    client = new StreamsClient(`http://127.0.0.1:${port}`, token);
    await client.until('a runs', (streams) => streams.a?.state === 'running', 60_000);
  });
  after(async () => {
    cli?.child.kill('SIGKILL');
    for (const publisher of publishers) await publisher.kill();
    await relay.stop();
    await hls.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const named = (id: string, more = '') =>
    `{ id: ${id}, url: "${relay.url('live/a', '${CAM_USER}:${CAM_PASSWORD}')}", fps: 2${more} }`;
  function write(streams: readonly string[], more: readonly string[] = []): void {
    const ops = `ops: { port: ${port}, token: ${token}, streamSecrets: [CAM_USER, CAM_PASSWORD] }`;
    writeFileSync(config, [`model: ${model}`, ops, `streams: [${streams.join(', ')}]`, ...more].join('\n'));
  }
  const readersOf = () => children(cli.child.pid).filter((c) => c.commandLine.includes('showinfo')).length;
  const session = async (id: string) => (await client.streams())[id]?.session;

  it('adds by API, pauses, resumes and removes, and the stream beside it does not notice', async () => {
    const before = await session('a');
    const added = await client.call('PUT', '/h', { url: hls.url('live.m3u8'), fps: 2 });
    assert.equal(added.status, 201);
    await client.until('h runs', (s) => s.h?.state === 'running' && s.h.framesPerSecond > 0);
    assert.equal(readersOf(), 2);
    assert.equal((await client.call('POST', '/h/pause')).status, 204);
    await client.until('h rests', (s) => s.h?.state === 'paused' && readersOf() === 1);
    assert.equal((await client.call('POST', '/h/resume')).status, 204);
    await client.until('h runs again', (s) => s.h?.state === 'running');
    assert.equal((await client.call('DELETE', '/h')).status, 204);
    await client.until('h is gone', (s) => s.h === undefined && readersOf() === 1);
    assert.equal(await session('a'), before);
  });

  it('a stream with a password goes by its name, and only by a name that is listed', async () => {
    const url = (user: string) => ({ url: relay.url('live/a', user), fps: 2 });
    assert.equal((await client.call('PUT', '/r', url('${CAM_USER}:${OTHER_SECRET}'))).status, 400);
    assert.equal((await client.call('PUT', '/r', { url: join(folder, 'live.m3u8') })).status, 400);
    assert.equal((await client.call('PUT', '/r', url('viewer:passw0rd-of-tests'))).status, 400);
    assert.equal((await client.call('PUT', '/r', url('${CAM_USER}:${CAM_PASSWORD}'))).status, 201);
    await client.until('r runs', (s) => s.r?.state === 'running');
    assert.match((await client.streams()).r?.url ?? '', /^rtsp:\/\/\*\*\*@127/);
    assert.equal((await client.call('DELETE', '/r')).status, 204);
    await client.until('r is gone', (s) => s.r === undefined && readersOf() === 1);
  });

  it('without the token nothing is listed or changed', async () => {
    for (const wrong of [undefined, `${token}x`]) {
      const stranger = new StreamsClient(`http://127.0.0.1:${port}`, wrong);
      assert.equal((await stranger.call('GET', '')).status, 401);
      assert.equal((await stranger.call('PUT', '/x', { url: 'rtsp://127.0.0.1:1/x' })).status, 401);
      assert.equal((await stranger.call('POST', '/a/pause')).status, 401);
    }
    assert.deepEqual(Object.keys(await client.streams()), ['a']);
  });

  it('reads a changed file by itself, and what is wrong with one changes nothing', async () => {
    const before = await session('a');
    assert.equal((await client.call('PUT', '/h', { url: hls.url('live.m3u8'), fps: 2 })).status, 201);
    write([named('a'), named('b')]);
    await client.until('b runs', (s) => s.b?.state === 'running');
    write([named('a'), 'nonsense: [']);
    await client.untilConfig('the fault shows', ({ error }) => error !== null);
    const ready = await (await fetch(`http://127.0.0.1:${port}/readyz`)).json();
    assert.match((ready as { configError: string }).configError, /YAML/);
    assert.match(cli.text.stderr, /not reloaded, what runs goes on/);
    write([named('a')], ['threads: 1']);
    await client.untilConfig('it is mended', ({ error }) => error === null);
    await client.until(
      'b is gone, and what was added stays',
      (s) => s.b === undefined && s.h?.state === 'running',
    );
    assert.match(cli.text.stderr, /a restart is needed for threads/);
    assert.equal(await session('a'), before);
    assert.equal((await client.call('DELETE', '/h')).status, 204);
  });

  it('reads it on SIGHUP, and restarts what has changed and no other', async () => {
    write([named('a'), named('b')], ['threads: 1']);
    await client.until('b runs', (s) => s.b?.state === 'running');
    const [a, b] = [await session('a'), await session('b')];
    write([named('a'), named('b', ', keyframesOnly: true')], ['threads: 1']);
    cli.child.kill('SIGHUP');
    await client.until('b runs anew', (s) => s.b?.state === 'running' && s.b.session !== b);
    assert.equal(await session('a'), a);
  });

  it('remembers why a stream failed, and goes on', async () => {
    assert.equal((await client.call('PUT', '/bad', { url: relay.url('live/a') })).status, 201);
    await client.until('it has failed', (s) => s.bad?.state === 'failed');
    assert.match((await client.streams()).bad?.lastError ?? '', /password|401|unauthori[sz]ed/i);
    assert.equal((await client.streams()).a?.state, 'running');
    assert.equal((await client.call('DELETE', '/bad')).status, 204);
  });

  it('ends when it is told to, and has told no secret', async () => {
    cli.child.kill('SIGTERM');
    const { code, stdout, stderr } = await cli.ended;
    assert.equal(code, 0, stderr);
    for (const secret of ['passw0rd-of-tests', 'hunter2-hunter2', token])
      assert.ok(!(stdout + stderr).includes(secret), secret);
  });
});
