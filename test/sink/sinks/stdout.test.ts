import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import type { Appearance } from '../../../src/core/appearance.js';
import { createStdout } from '../../../src/sink/sinks/stdout.js';
import { RecordingTelemetry } from '../../../src/telemetry/telemetry.js';
import { sinkContract } from '../../contract/sink.js';
import { makeAppearance, makeEvent } from '../events.js';

const context = { telemetry: new RecordingTelemetry() };

sinkContract(
  'stdout, json',
  async () => {
    const stream = new PassThrough({ highWaterMark: 1 << 24 });
    const sink = await createStdout({ format: 'json', stream }, context);
    const received = async () => {
      const text = String(stream.read() ?? '');
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Appearance);
    };
    return { sink, received, dispose: async () => void stream.destroy() };
  },
  async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('broken')) });
    return {
      sink: await createStdout({ format: 'json', stream }, context),
      dispose: async () => void stream.destroy(),
    };
  },
  { everyRevision: true, refusesAfterClose: false },
);

async function print(events: readonly Appearance[], colors?: boolean): Promise<string> {
  const stream = new PassThrough();
  const sink = await createStdout({ stream, colors }, context);
  await sink.write(events);
  await sink.close();
  return String(stream.read() ?? '');
}

test('for a person: one line when it opens, one when it closes', async () => {
  assert.equal(
    await print(makeAppearance('a', 5)),
    '03:04:05.6  + acme         on news 1  score 0.98, 3.0 % of the picture\n' +
      '03:04:11.0  - acme         on news 1  5.4 s, seen 5.2 s, 3.0 % of the picture\n',
  );
});

test('a file has places, not times of day; an end by an outage says so', async () => {
  const text = await print([
    makeEvent('a', 4, 'ended', { clock: 'file', endPtsMs: 3_661_960, endReason: 'stream-lost' }),
  ]);
  assert.match(text, /^01:01:02\.0 {2}- .*, stream-lost\n$/);
});

test('colours only where they are wanted', async () => {
  const esc = String.fromCharCode(27);
  assert.ok(!(await print(makeAppearance('a'))).includes(esc));
  assert.ok((await print(makeAppearance('a'), true)).includes(esc));
});

test('the progress line is taken away before printing, and only then', async () => {
  let cleared = 0;
  const sink = await createStdout(
    { stream: new PassThrough() },
    { ...context, beforePrint: () => void cleared++ },
  );
  await sink.write([makeEvent('a', 1, 'ongoing')]);
  assert.equal(cleared, 0);
  await sink.write([makeEvent('a', 2, 'ended')]);
  assert.equal(cleared, 1);
});

test('a reader that goes away ends the printing quietly', { timeout: 20_000 }, async () => {
  const script = `
    import { createStdout } from ${JSON.stringify(new URL('../../../src/sink/sinks/stdout.js', import.meta.url).href)};
    import { makeAppearance } from ${JSON.stringify(new URL('../events.js', import.meta.url).href)};
    const sink = await createStdout({ format: 'json' }, { telemetry: { emit() {} } });
    for (let i = 0; i < 200; i++) {
      await sink.write(makeAppearance('a' + i, 50));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await sink.close();
    process.stderr.write('finished');
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.once('data', () => child.stdout.destroy());
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(stderr, 'finished');
  assert.equal(code, 0);
});
