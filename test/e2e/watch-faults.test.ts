import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { useShippedFonts } from '../../src/core/fonts.js';
import { repoRoot } from '../../src/core/root.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import { startReceiver } from '../sink/receiver.js';
import { lastRevisions, readEvents, runCli, startCli } from '../support/cli.js';
import { Clips } from '../support/clips.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { HlsServer } from '../support/hls-server.js';
import { freePort } from '../support/ports.js';
import { children, isAlive } from '../support/processes.js';
import { type Publisher, publishHls } from '../support/publish.js';
import { enlarge, mountSmall, unmount } from '../support/small-disk.js';
import { until } from '../support/wait.js';

const model = join(repoRoot(), 'models', 'demo');
const DRAINED_MS_MAX = 10_000;

describe('logowatch watch, when things go wrong', { timeout: 900_000 }, () => {
  let clips: Clips;
  let broadcast: string;
  const text = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  const config = (name: string, value: unknown) => {
    // JSON is YAML.
    writeFileSync(clips.path(name), JSON.stringify({ model, ...(value as object) }));
    return clips.path(name);
  };

  before(async () => {
    useShippedFonts();
    clips = await Clips.create();
    const { path: ffmpegPath } = await npmFfmpeg();
    broadcast = clips.path('broadcast.mp4');
    await composeBroadcast({ ffmpegPath, seed: 3, seconds: 24, output: broadcast });
  });
  after(() => clips.remove());

  it('a webhook that hangs: SIGTERM is done in 10 s, other sinks have it all, and no secret shows anywhere', async () => {
    const secrets = [
      'pa55-9f31',
      't0k3n-77aa',
      'v3r1fy-0123456789ab',
      'h00k-5eed',
      'b3ar3r-1dea',
      'hm4c-k3y',
    ];
    const [password, token, verify, hook, bearer, hmac] = secrets as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const folder = clips.path('hls');
    mkdirSync(folder);
    const receiver = await startReceiver(() => undefined);
    const publisher: Publisher = publishHls(folder, { ffmpeg: await npmFfmpeg(), file: broadcast });
    const server = new HlsServer({ folder, credentials: `viewer:${password}` });
    await server.start();
    const events = clips.path('secret.jsonl');
    const file = config('secret.yaml', {
      logLevel: 'debug',
      streams: [{ id: 'tv', url: '${TV_URL}' }],
      sinks: [
        { type: 'stdout', format: 'json' },
        { type: 'jsonl', path: events },
        {
          type: 'webhook',
          url: '${HOOK_URL}',
          token: '${HOOK_TOKEN}',
          hmacSecret: '${HOOK_KEY}',
          timeoutMs: 1000,
        },
      ],
    });
    const env = {
      TV_URL: `${server.url('live.m3u8', `viewer:${password}`)}?token=${token}&verify=${verify}`,
      HOOK_URL: `http://127.0.0.1:${receiver.port}/${hook}?a=${hook}`,
      HOOK_TOKEN: bearer,
      HOOK_KEY: hmac,
    };
    const shown = startCli(['watch', '-c', file, '--print-config'], { env });
    const cli = startCli(['watch', '-c', file], { env });
    try {
      await until('an appearance opens', () => text(events).includes('"state":"started"'), 90_000);
      await until('the webhook is tried again', () => cli.text.stderr.includes('"sink-retry"'), 30_000);
      const readers = children(cli.child.pid);
      assert.ok(readers.length > 0, 'ffmpeg runs');
      const asked = performance.now();
      cli.child.kill('SIGTERM');
      const { code, stdout, stderr } = await cli.ended;
      assert.ok(performance.now() - asked < DRAINED_MS_MAX, `${performance.now() - asked} ms`);
      assert.equal(code, 1, 'events were lost, and that is told');
      assert.match(stderr, /"event":"sink-failed","sink":"webhook"/);
      assert.ok(lastRevisions(readEvents(events)).every((e) => e.state === 'ended'));
      assert.equal(stdout, text(events), 'the same events went to both');
      const everything = [
        stdout,
        stderr,
        text(events),
        JSON.stringify(readers),
        JSON.stringify(await shown.ended),
      ];
      for (const secret of secrets) assert.ok(!everything.join('\n').includes(secret), secret);
      // The peers did get them.
      assert.equal(receiver.requests[0]?.headers.authorization, `Bearer ${bearer}`);
      assert.ok(readers.every(({ pid }) => !isAlive(pid)));
    } finally {
      cli.child.kill('SIGKILL');
      await publisher.kill();
      await server.stop();
      await receiver.close();
    }
  });

  it('a host that cannot be reached is told once, tried again without a storm, and SIGTERM ends the wait', async () => {
    const port = await freePort('tcp');
    const cli = startCli(['watch', `rtsp://127.0.0.1:${port}/x`, '--model', model]);
    try {
      await until('the second try', () => cli.text.stderr.includes('"attempt":2'), 30_000);
      const asked = performance.now();
      cli.child.kill('SIGTERM');
      const { code, stderr, stdout } = await cli.ended;
      assert.ok(performance.now() - asked < 5_000);
      assert.deepEqual([code, stdout], [0, '']);
      assert.equal(stderr.match(/Nothing answers at this address/g)?.length, 1);
      assert.match(stderr, /Correct the host and the port, or start the server/);
      for (const [, ms] of stderr.matchAll(/"delayMs":(\d+)/g)) assert.ok(Number(ms) >= 1_000, `${ms} ms`);
    } finally {
      cli.child.kill('SIGKILL');
    }
  });

  it('bad files are named, each with what is wrong, and good ones beside them are watched to their end', async () => {
    const good = [
      await clips.onePixel(),
      await clips.variableRate(),
      await clips.ptsJumps(),
      await clips.eightK(),
    ];
    const bad: [string, RegExp][] = [
      [await clips.audioOnly(), /no video stream/],
      [await clips.empty(), /empty/],
      [await clips.text(), /not a video that can be read/],
      [await clips.withoutIndex(), /not a video that can be read/],
      [await clips.truncated(), /cut short/],
      [clips.path('nowhere.mp4'), /no such file/],
    ];
    const files = [...good, ...bad.map(([path]) => path)];
    const { code, stdout, stderr } = await runCli('watch', ...files, '--model', model, '--log-level', 'info');
    assert.equal(code, 1);
    assert.equal(stdout, '');
    const told = stderr.split('\n').filter((line) => line.startsWith('logowatch: stream '));
    assert.equal(told.length, bad.length, stderr);
    for (const [path, pattern] of bad) {
      const line = told.find((l) => l.includes(path));
      assert.match(line ?? `${path} is not named`, pattern);
    }
    const closed = [...stderr.matchAll(/"streamId":"([\w-]+)".*"reason":"ended","frames":(\d+)/g)];
    assert.deepEqual(
      Object.fromEntries(closed.map(([, id, frames]) => [id, Number(frames)])),
      { one: 5, vfr: Number(closed.find(([, id]) => id === 'vfr')?.[2]), jumps: 30, '8k': 3 },
      stderr,
    );
    assert.match(stderr, /10 streams: \d+ frames watched, 0 dropped/);
  });

  it('a model that is missing, no model, incomplete or changed is refused before anything is opened', async () => {
    const folder = clips.path('model');
    cpSync(model, folder, { recursive: true });
    writeFileSync(
      clips.path('picture.svg'),
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    );
    const file = readdirSync(folder).find((name) => name.endsWith('.bin')) ?? '';
    const answers: [() => void, RegExp][] = [
      [() => writeFileSync(join(folder, file), 'x'), /SHA-256 differs/],
      [() => rmSync(join(folder, file)), /missing/],
      [() => rmSync(join(folder, 'model.json')), /holds no model\.json/],
      [() => rmSync(folder, { recursive: true }), /does not exist/],
    ];
    for (const [damage, pattern] of answers) {
      damage();
      for (const args of [
        ['watch', broadcast, '--model', folder],
        ['detect', folder, clips.path('picture.svg')],
      ]) {
        const { code, stdout, stderr } = await runCli(...args);
        assert.deepEqual([code, stdout], [1, ''], stderr);
        assert.match(stderr, pattern);
        assert.ok(stderr.includes(folder), stderr);
      }
    }
  });

  it('a full disk: the events wait, and are written when there is space', async (t) => {
    const disk = clips.path('disk');
    mkdirSync(disk);
    if (!mountSmall(disk, '4k')) return t.skip('mounting a small tmpfs is not allowed here');
    try {
      const events = join(disk, 'events.jsonl');
      const all = clips.path('all.jsonl');
      const sinks = [events, all].map((path) => ({ type: 'jsonl', path }));
      const file = config('disk.yaml', { streams: [{ id: 'tv', url: broadcast }], sinks });
      const cli = startCli(['watch', '-c', file], { limitMs: 300_000 });
      await until('the disk is full', () => cli.text.stderr.includes('No space is left'), 200_000);
      for (const line of text(events).split('\n').slice(0, -1)) JSON.parse(line);
      enlarge(disk, '1m');
      const { code, stderr } = await cli.ended;
      assert.equal(code, 0, stderr);
      assert.ok(readEvents(all).length >= 6);
      assert.deepEqual(readEvents(events), readEvents(all));
    } finally {
      unmount(disk);
    }
  });

  it('Ctrl-C as a terminal sends it, to ffmpeg as well: the appearance ends as stopped, and it is no fault', async () => {
    const events = clips.path('ctrl-c.jsonl');
    const cli = startCli(['watch', broadcast, '--model', model, '--events', events, '--fps', '25'], {
      group: true,
    });
    try {
      await until('an appearance opens', () => text(events).includes('"state":"started"'), 60_000);
      process.kill(-cli.child.pid!, 'SIGINT');
      const { code, stderr } = await cli.ended;
      assert.equal(code, 0, stderr);
      const last = lastRevisions(readEvents(events));
      assert.ok(last.every((e) => e.state === 'ended'));
      assert.match(JSON.stringify(last), /"endReason":"stopped"/);
    } finally {
      cli.child.kill('SIGKILL');
    }
  });
});
