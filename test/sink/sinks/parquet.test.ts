import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { MemoryBus } from '../../../src/bus/memory.js';
import { topics } from '../../../src/bus/topics.js';
import { parseConfig } from '../../../src/config.js';
import type { Appearance } from '../../../src/core/appearance.js';
import { createSinks } from '../../../src/sink/create.js';
import { SinkError } from '../../../src/sink/errors.js';
import { runSinks } from '../../../src/sink/run.js';
import { createParquet, type ParquetOptions } from '../../../src/sink/sinks/parquet.js';
import { RecordingTelemetry } from '../../../src/telemetry/telemetry.js';
import { sinkContract } from '../../contract/sink.js';
import { eventsIn, journals, metadataOf, parquetFiles } from '../../support/parquet.js';
import { mountSmall, unmount } from '../../support/small-disk.js';
import { until } from '../../support/wait.js';
import { keyOf, makeAppearance, makeEvent } from '../events.js';

const telemetry = new RecordingTelemetry();
const temporary = () => mkdtempSync(join(tmpdir(), 'logowatch-parquet-'));
const remove = (path: string) => rmSync(path, { recursive: true, force: true });
const keysIn = async (folder: string) => (await eventsIn(folder)).map(keyOf);

sinkContract(
  'parquet',
  async () => {
    const dir = temporary();
    const path = join(dir, 'deep', 'er');
    const sink = await createParquet({ path }, { telemetry });
    // The close makes the file; nothing is written after it.
    const received = async () => {
      await sink.close();
      return eventsIn(path);
    };
    return { sink, received, dispose: async () => remove(dir) };
  },
  async () => {
    const dir = temporary();
    const path = join(dir, 'events');
    const sink = await createParquet({ path }, { telemetry });
    remove(path);
    writeFileSync(path, 'in the way');
    return { sink, dispose: async () => remove(dir) };
  },
  { everyRevision: true, refusesAfterClose: true },
);

async function inFolder(body: (path: string) => Promise<void>): Promise<void> {
  const dir = temporary();
  try {
    await body(dir);
  } finally {
    remove(dir);
  }
}

async function writeAll(
  path: string,
  events: readonly Appearance[],
  options: Partial<ParquetOptions> = {},
): Promise<RecordingTelemetry> {
  const heard = new RecordingTelemetry();
  const sink = await createParquet({ path, ...options }, { telemetry: heard });
  await sink.write(events);
  await sink.close();
  return heard;
}

const warnings = (heard: RecordingTelemetry) => heard.events.filter(({ type }) => type === 'warning');

describe('the files', { timeout: 60_000 }, () => {
  test('have these columns, for ever', () =>
    inFolder(async (path) => {
      await writeAll(path, makeAppearance('a'));
      const [file = ''] = parquetFiles(path);
      const { schema, created_by, key_value_metadata } = await metadataOf(file);
      const columns = schema
        .slice(1)
        .map((c) => [c.name, c.type, c.logical_type?.type ?? '', c.repetition_type].join(' ').trim());
      const doubles = (name: string) =>
        ['x', 'y', 'width', 'height'].map((side) => `${name}_${side} DOUBLE  REQUIRED`);
      assert.deepEqual(columns, [
        'id BYTE_ARRAY STRING REQUIRED',
        'revision INT32  REQUIRED',
        'state BYTE_ARRAY STRING REQUIRED',
        'stream_id BYTE_ARRAY STRING REQUIRED',
        'session BYTE_ARRAY STRING REQUIRED',
        'label BYTE_ARRAY STRING REQUIRED',
        'start_time INT64 TIMESTAMP REQUIRED',
        'end_time INT64 TIMESTAMP REQUIRED',
        'start_pts_ms DOUBLE  REQUIRED',
        'end_pts_ms DOUBLE  REQUIRED',
        'clock BYTE_ARRAY STRING REQUIRED',
        'end_reason BYTE_ARRAY STRING OPTIONAL',
        'score DOUBLE  REQUIRED',
        'mean_score DOUBLE  REQUIRED',
        ...doubles('box'),
        ...doubles('first_box'),
        ...doubles('mean_box'),
        'area_mean DOUBLE  REQUIRED',
        'area_max DOUBLE  REQUIRED',
        'exposure_ms DOUBLE  REQUIRED',
        'coverage DOUBLE  REQUIRED',
        'frames INT32  REQUIRED',
        'model_id BYTE_ARRAY STRING REQUIRED',
        'model_hash BYTE_ARRAY STRING REQUIRED',
      ]);
      const time = schema.find(({ name }) => name === 'start_time')?.logical_type;
      assert.deepEqual(time, { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' });
      assert.equal(created_by, 'logowatch');
      const journal = /-([0-9a-f]{12})\.parquet$/.exec(file)?.[1];
      assert.deepEqual(key_value_metadata, [{ key: 'logowatch.journal', value: journal }]);
    }));

  test('hold strings as dictionaries, in row groups', () =>
    inFolder(async (path) => {
      const events = Array.from({ length: 6000 }, (_, i) => makeEvent(`a${i}`, 0, 'started'));
      await writeAll(path, events);
      const [file = ''] = parquetFiles(path);
      const { row_groups } = await metadataOf(file);
      assert.deepEqual(
        row_groups.map(({ num_rows }) => Number(num_rows)),
        [5000, 1000],
      );
      for (const { columns } of row_groups) {
        const strings = columns.filter(({ meta_data }) => meta_data?.type === 'BYTE_ARRAY').slice(1);
        assert.equal(strings.length, 8);
        for (const { meta_data } of strings) assert.ok(meta_data?.encodings.includes('RLE_DICTIONARY'));
      }
      assert.deepEqual(await keysIn(path), events.map(keyOf));
    }));

  test('are named by the first start and the last end, UTC', () =>
    inFolder(async (path) => {
      await writeAll(path, [
        makeEvent('a', 0, 'started', { startTime: '2026-01-02T23:59:59.999Z' }),
        makeEvent('b', 0, 'ended', { endTime: '2026-01-03T00:00:01.000Z' }),
      ]);
      const [name = ''] = parquetFiles(path).map((file) => basename(file));
      assert.match(name, /^appearances-20260102T030405Z-20260103T000001Z-[0-9a-f]{12}\.parquet$/);
      assert.deepEqual(journals(path), []);
    }));

  test('keep any text, and times before 1970', () =>
    inFolder(async (path) => {
      const odd = makeEvent('a\nb', 2 ** 31 - 1, 'ended', {
        label: 'a\u2028b "Köln" 🙂\0',
        streamId: '',
        startTime: '1969-12-31T23:59:59.999Z',
        endReason: 'stream-lost',
        startPtsMs: -0.5,
      });
      await writeAll(path, [odd]);
      assert.deepEqual(await eventsIn(path), [odd]);
    }));

  test('a full journal becomes one while events go on', () =>
    inFolder(async (path) => {
      const sink = await createParquet({ path, rotateEvents: 3 }, { telemetry });
      const events = Array.from({ length: 10 }, (_, i) => makeAppearance(`a${i}`, 2));
      for (const two of events) await sink.write(two);
      await until('five files', () => parquetFiles(path).length === 5);
      assert.deepEqual(journals(path), []);
      await sink.close();
      assert.equal(parquetFiles(path).length, 5);
      assert.deepEqual((await keysIn(path)).sort(), events.flat().map(keyOf).sort());
    }));

  test('an old journal becomes one, and nothing comes of idle hours', () =>
    inFolder(async (path) => {
      const sink = await createParquet({ path, rotateMinutes: 0.002 }, { telemetry });
      await sink.write(makeAppearance('a'));
      await until('one file', () => parquetFiles(path).length === 1 && journals(path).length === 0);
      await new Promise((resolve) => setTimeout(resolve, 500));
      await sink.close();
      assert.equal(parquetFiles(path).length, 1);
    }));

  test('have a revision that was delivered twice once', () =>
    inFolder(async (path) => {
      const events = makeAppearance('a');
      await writeAll(path, [...events, ...events]);
      assert.deepEqual(await keysIn(path), events.map(keyOf));
    }));

  test('an event that fits no row is refused alone, before it is acknowledged', () =>
    inFolder(async (path) => {
      const sink = await createParquet({ path }, { telemetry });
      for (const over of [{ startTime: 'noon' }, { score: Number.NaN }, { frames: 2 ** 31 }]) {
        const name = { startTime: 'start_time' }[Object.keys(over)[0] ?? ''] ?? Object.keys(over)[0];
        await assert.rejects(sink.write([makeEvent('bad', 0, 'started', over)]), (error) => {
          assert.ok(error instanceof SinkError);
          assert.deepEqual([error.scope, error.value], ['event', `bad: ${name}`]);
          return true;
        });
      }
      await sink.write([makeEvent('good', 0, 'started')]);
      await sink.close();
      assert.deepEqual(await keysIn(path), ['good/0']);
    }));
});

describe('after a crash', { timeout: 120_000 }, () => {
  /** A journal as a process leaves it that is killed. */
  async function leaveJournal(path: string, events: readonly Appearance[]): Promise<string> {
    const other = temporary();
    try {
      const sink = await createParquet({ path: other }, { telemetry });
      await sink.write(events);
      const [name = ''] = journals(other);
      copyFileSync(join(other, name), join(path, name));
      await sink.close();
      return join(path, name);
    } finally {
      remove(other);
    }
  }

  test('the journal becomes a file, without its torn last line', () =>
    inFolder(async (path) => {
      const journal = await leaveJournal(path, makeAppearance('a'));
      appendFileSync(journal, '{"id":"torn","revi');
      const heard = await writeAll(path, makeAppearance('b'));
      assert.deepEqual(
        (await keysIn(path)).sort(),
        [...makeAppearance('a'), ...makeAppearance('b')].map(keyOf),
      );
      assert.equal(readFileSync(`${journal}.torn`, 'utf8'), '{"id":"torn","revi\n');
      assert.ok(!existsSync(journal));
      assert.equal(warnings(heard).length, 1);
    }));

  test('a journal whose file was written is only removed, and an unfinished file is', () =>
    inFolder(async (path) => {
      const sink = await createParquet({ path }, { telemetry });
      await sink.write(makeAppearance('a'));
      const [name = ''] = journals(path);
      const journal = join(path, name);
      copyFileSync(journal, `${journal}.copy`);
      await sink.close();
      copyFileSync(`${journal}.copy`, journal);
      remove(`${journal}.copy`);
      writeFileSync(join(path, 'journal-0123456789ab.part'), 'PAR1');
      const heard = await writeAll(path, []);
      assert.deepEqual(await keysIn(path), makeAppearance('a').map(keyOf));
      assert.deepEqual(journals(path), []);
      assert.deepEqual(heard.events, []);
    }));

  test('a journal of nothing leaves no file', () =>
    inFolder(async (path) => {
      writeFileSync(join(path, 'journal-0123456789ab.jsonl'), '');
      await writeAll(path, []);
      assert.deepEqual(
        readdirSync(path).filter((name) => name !== 'lock'),
        [],
      );
    }));

  test('a journal with lines that are no events is kept beside its file', () =>
    inFolder(async (path) => {
      const journal = await leaveJournal(path, makeAppearance('a'));
      const [first = '', ...others] = readFileSync(journal, 'utf8').split('\n');
      const damaged = [first, '\0\0\0', 'null', '{"id":"x"}', ...others].join('\n');
      writeFileSync(journal, damaged);
      const heard = await writeAll(path, []);
      assert.deepEqual(await keysIn(path), makeAppearance('a').map(keyOf));
      assert.equal(readFileSync(`${journal}.damaged`, 'utf8'), damaged);
      assert.match(JSON.stringify(warnings(heard)), /3 lines that are no events/);
    }));

  test('whatever the moment of the kill, what was acknowledged is there once', () =>
    inFolder(async (path) => {
      const sources = ['../../../src/sink/sinks/parquet.js', '../events.js'];
      const [parquet, events] = sources.map((s) => JSON.stringify(new URL(s, import.meta.url).href));
      const script = `
        import { createParquet } from ${parquet};
        import { makeAppearance } from ${events};
        const [path, round] = process.argv.slice(1);
        const sink = await createParquet({ path, rotateEvents: 40 }, { telemetry: { emit() {} } });
        for (let i = 0; ; i++) {
          await sink.write(makeAppearance('r' + round + '-' + i, 8));
          process.stdout.write('r' + round + '-' + i + '\\n');
        }`;
      const acknowledged: string[] = [];
      for (let round = 0; round < 6; round++) {
        const child = spawn(process.execPath, ['--input-type=module', '-e', script, path, String(round)], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let count = 0;
        for await (const id of createInterface({ input: child.stdout })) {
          acknowledged.push(id);
          if (++count === 10 + 7 * round) child.kill('SIGKILL');
        }
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
        assert.equal(child.signalCode, 'SIGKILL');
      }
      await writeAll(path, []);
      const keys = await keysIn(path);
      assert.equal(new Set(keys).size, keys.length, 'no row twice');
      const there = new Set(keys);
      const wanted = acknowledged.flatMap((id) => makeAppearance(id, 8).map(keyOf));
      assert.deepEqual(
        wanted.filter((key) => !there.has(key)),
        [],
      );
      assert.deepEqual(journals(path), []);
    }));
});

test('a folder takes one sink at a time, and the next when it is closed', () =>
  inFolder(async (path) => {
    const sink = await createParquet({ path }, { telemetry });
    await assert.rejects(createParquet({ path }, { telemetry }), { code: 'sink-failed', value: path });
    await sink.write(makeAppearance('a'));
    await sink.close();
    await writeAll(path, makeAppearance('b'));
    assert.equal((await keysIn(path)).length, 6);
  }));

test('a file in the way is a clear error', () =>
  inFolder(async (dir) => {
    const path = join(dir, 'file');
    writeFileSync(path, '');
    await assert.rejects(createParquet({ path }, { telemetry }), { code: 'sink-failed', value: path });
  }));

test('a full disk loses nothing: events wait, the journal stays when no file fits', {
  timeout: 60_000,
}, async (t) => {
  const dir = temporary();
  const mounted = mountSmall(dir, '256k');
  try {
    if (!mounted) return t.skip('mounting a small tmpfs is not allowed here');
    const ballast = join(dir, 'ballast');
    writeFileSync(ballast, Buffer.alloc(150_000));
    const path = join(dir, 'events');
    const sink = await createParquet({ path }, { telemetry });
    const written: Appearance[] = [];
    let failed: Appearance[] | undefined;
    for (let i = 0; i < 500 && failed === undefined; i++) {
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
    await assert.rejects(sink.close(), { code: 'disk-full' });
    assert.deepEqual(parquetFiles(path), []);
    assert.equal(journals(path).length, 1, 'no unfinished file takes space');

    // Full at the start, too: it is said, and the sink opens.
    const heard = new RecordingTelemetry();
    const next = await createParquet({ path, rotateMinutes: 0.005 }, { telemetry: heard });
    await until('a warning', () => warnings(heard).length > 0);
    assert.match(JSON.stringify(warnings(heard)[0]), /No space is left/);
    rmSync(ballast);
    await next.write(failed);
    await until('two files', () => parquetFiles(path).length === 2 && journals(path).length === 0);
    await next.close();
    assert.deepEqual((await keysIn(path)).sort(), [...written, ...failed].map(keyOf).sort());
  } finally {
    if (mounted) unmount(dir);
    remove(dir);
  }
});

test('runs on the bus as the config names it', () =>
  inFolder(async (path) => {
    const { sinks: options } = parseConfig({ sinks: [{ type: 'parquet', path }] });
    const bus = new MemoryBus();
    const sinks = await createSinks(options, { telemetry });
    const done = runSinks({ bus, sinks, telemetry, signal: new AbortController().signal });
    const events = makeAppearance('a');
    for (const value of events) await bus.send(topics.appearances, [{ key: value.streamId, value }]);
    await bus.end(topics.appearances);
    assert.deepEqual(await done, [{ name: 'parquet', delivered: 3, lost: 0 }]);
    assert.deepEqual(await eventsIn(path), events);
  }));

test('the config takes it, and names a wrong key', () => {
  const sinks = [{ type: 'parquet', path: 'out', rotateMinutes: 15, rotateEvents: 1000 }];
  assert.deepEqual(parseConfig({ sinks }).sinks, sinks);
  assert.throws(
    () => parseConfig({ sinks: [{ type: 'parquet', path: 'out', rotateMinute: 15 }] }),
    /rotateMinutes/,
  );
});
