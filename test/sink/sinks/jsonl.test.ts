import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Appearance } from '../../../src/core/appearance.js';
import { createJsonl } from '../../../src/sink/sinks/jsonl.js';
import { RecordingTelemetry } from '../../../src/telemetry/telemetry.js';
import { sinkContract } from '../../contract/sink.js';
import { mountSmall, unmount } from '../../support/small-disk.js';
import { keyOf, makeAppearance, makeEvent } from '../events.js';

const telemetry = new RecordingTelemetry();
const folder = () => mkdtempSync(join(tmpdir(), 'logowatch-jsonl-'));
const remove = (path: string) => rmSync(path, { recursive: true, force: true });

function eventsOf(path: string): Appearance[] {
  const text = readFileSync(path, 'utf8');
  assert.ok(text === '' || text.endsWith('\n'), 'the last line is whole');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Appearance);
}

sinkContract(
  'jsonl',
  async () => {
    const dir = folder();
    const path = join(dir, 'deep', 'er', 'events.jsonl');
    const sink = await createJsonl({ path }, { telemetry });
    return { sink, received: async () => eventsOf(path), dispose: async () => remove(dir) };
  },
  async () => ({
    sink: await createJsonl({ path: '/dev/full' }, { telemetry }),
    dispose: async () => undefined,
  }),
  { everyRevision: true, refusesAfterClose: true },
);

async function withFile(body: (path: string) => Promise<void>): Promise<void> {
  const dir = folder();
  try {
    await body(join(dir, 'events.jsonl'));
  } finally {
    remove(dir);
  }
}

async function appendTo(path: string, events: readonly Appearance[]): Promise<RecordingTelemetry> {
  const heard = new RecordingTelemetry();
  const sink = await createJsonl({ path }, { telemetry: heard });
  await sink.write(events);
  await sink.close();
  return heard;
}

const [first, , last] = makeAppearance('a') as [Appearance, Appearance, Appearance];

test('a second run appends to what the first has written', () =>
  withFile(async (path) => {
    await appendTo(path, [first]);
    const heard = await appendTo(path, [last]);
    assert.deepEqual(eventsOf(path), [first, last]);
    assert.deepEqual(heard.events, []);
  }));

test('a torn last line is put aside and reported', () =>
  withFile(async (path) => {
    await appendTo(path, [first]);
    appendFileSync(path, '{"id":"torn","revi');
    const heard = await appendTo(path, [last]);
    assert.deepEqual(eventsOf(path), [first, last]);
    assert.equal(readFileSync(`${path}.torn`, 'utf8'), '{"id":"torn","revi\n');
    assert.equal(heard.events[0]?.type, 'warning');
  }));

test('a torn line longer than a block, with a newline of its own, is put aside; nothing else is', () =>
  withFile(async (path) => {
    await appendTo(path, [first]);
    appendFileSync(path, `${'\0'.repeat(200_000)}\n`);
    await appendTo(path, [last]);
    assert.deepEqual(eventsOf(path), [first, last]);
    assert.equal(statSync(`${path}.torn`).size, 200_001);
  }));

test('a file that is nothing but a torn line starts anew', () =>
  withFile(async (path) => {
    writeFileSync(path, '{');
    await appendTo(path, [first]);
    assert.deepEqual(eventsOf(path), [first]);
  }));

test('a whole event that lacks only its newline is kept', () =>
  withFile(async (path) => {
    writeFileSync(path, JSON.stringify(first));
    await appendTo(path, [last]);
    assert.deepEqual(eventsOf(path), [first, last]);
    assert.ok(!existsSync(`${path}.torn`));
  }));

test('a folder in the way is a clear error', () =>
  withFile(async (path) => {
    await mkdir(path);
    await assert.rejects(createJsonl({ path }, { telemetry }), { code: 'sink-failed', value: path });
  }));

test('a parent that is a file is a clear error', () =>
  withFile(async (path) => {
    writeFileSync(path, '');
    await assert.rejects(createJsonl({ path: join(path, 'x') }, { telemetry }), { code: 'sink-failed' });
  }));

test('a device without space says disk-full', async () => {
  const sink = await createJsonl({ path: '/dev/full' }, { telemetry });
  await assert.rejects(sink.write([first]), { code: 'disk-full', value: '/dev/full' });
  await sink.close();
});

test('a full disk leaves whole lines only, and the events go through when there is space again', async (t) => {
  const dir = folder();
  const mounted = mountSmall(dir, '64k');
  try {
    if (!mounted) return t.skip('mounting a small tmpfs is not allowed here');
    const path = join(dir, 'events.jsonl');
    const ballast = join(dir, 'ballast');
    writeFileSync(ballast, Buffer.alloc(50_000));
    const sink = await createJsonl({ path }, { telemetry });
    const written: Appearance[] = [];
    let failed: Appearance[] | undefined;
    for (let i = 0; i < 200 && failed === undefined; i++) {
      const events = makeAppearance(`a${i}`, 5);
      await sink.write(events).then(
        () => written.push(...events),
        (error) => {
          assert.equal(error.code, 'disk-full');
          failed = events;
        },
      );
    }
    assert.ok(failed, 'the disk became full');
    assert.deepEqual(eventsOf(path).map(keyOf), written.map(keyOf));
    await assert.rejects(sink.write(failed), { code: 'disk-full' });
    assert.deepEqual(eventsOf(path).map(keyOf), written.map(keyOf));
    rmSync(ballast);
    await sink.write(failed);
    await sink.close();
    assert.deepEqual(eventsOf(path).map(keyOf), [...written, ...failed].map(keyOf));
  } finally {
    if (mounted) unmount(dir);
    remove(dir);
  }
});

test('the size limit of a process counts as a full disk', { timeout: 20_000 }, async (t) => {
  const dir = folder();
  const path = join(dir, 'events.jsonl');
  const script = `
    import { createJsonl } from ${JSON.stringify(new URL('../../../src/sink/sinks/jsonl.js', import.meta.url).href)};
    import { makeAppearance } from ${JSON.stringify(new URL('../events.js', import.meta.url).href)};
    process.on('SIGXFSZ', () => undefined);
    const sink = await createJsonl({ path: ${JSON.stringify(path)} }, { telemetry: { emit() {} } });
    try {
      for (let i = 0; i < 100; i++) await sink.write(makeAppearance('a' + i, 5));
    } catch (error) { process.stdout.write(error.code); }
    await sink.close();
  `;
  try {
    try {
      execFileSync('prlimit', ['--version'], { stdio: 'ignore' });
    } catch {
      return t.skip('prlimit is not installed');
    }
    const answer = execFileSync(
      'prlimit',
      ['--fsize=20000', process.execPath, '--input-type=module', '-e', script],
      { encoding: 'utf8' },
    );
    assert.equal(answer, 'disk-full');
    const events = eventsOf(path);
    assert.ok(events.length > 0 && events.length % 5 === 0, 'whole batches only');
  } finally {
    remove(dir);
  }
});

test('a batch goes out with one write, so that lines of two writers never mix', () =>
  withFile(async (path) => {
    const [one, two] = await Promise.all([
      createJsonl({ path, sync: 'close' }, { telemetry }),
      createJsonl({ path, sync: 'close' }, { telemetry }),
    ]);
    const long = (id: string) => [makeEvent(id, 0, 'started', { label: id.repeat(5000) })];
    for (let i = 0; i < 20; i++) await Promise.all([one.write(long('x')), two.write(long('y'))]);
    await Promise.all([one.close(), two.close()]);
    assert.equal(eventsOf(path).length, 40);
  }));
