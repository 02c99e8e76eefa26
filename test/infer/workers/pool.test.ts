import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import type { DetectorImage } from '../../../src/infer/detector.js';
import { createDetector } from '../../../src/infer/network-detector.js';
import { openDetector } from '../../../src/infer/workers/pool.js';
import { randomPicture, saveRandomModel, withFolder } from '../support.js';

const SHORT = { timeout: 60_000 };

function picture(width: number, height: number, seed: number): DetectorImage {
  return { width, height, content: { x: 0, y: 0, width, height }, data: randomPicture(width, height, seed) };
}

test('threads answer as the detector does, in the order of the pictures', SHORT, async () => {
  await withFolder(async (folder) => {
    await saveRandomModel(folder);
    const images = [picture(160, 96, 1), picture(96, 160, 2), picture(160, 96, 3), picture(320, 192, 4)];
    const own = await createDetector(folder, { engine: 'onnx-f32', threads: 1 });
    const expected = await own.detect(images, { all: true });
    await own.close();
    const pool = await openDetector(folder, { engine: 'onnx-f32', threads: 3 });
    assert.equal(pool.concurrency, 3);
    assert.deepEqual(pool.model, own.model);
    assert.deepEqual(await pool.detect(images, { all: true }), expected);
    const alone = await Promise.all(images.map((image) => pool.detect([image], { all: true })));
    assert.deepEqual(alone.flat(), expected);
    // A view of a larger buffer counts from where it begins.
    const { data } = images[0]!;
    const larger = new Uint8Array(data.length + 100);
    larger.set(data, 50);
    const view = { ...images[0]!, data: larger.subarray(50, 50 + data.length) };
    assert.deepEqual(await pool.detect([view], { all: true }), [expected[0]]);
    assert.deepEqual(await pool.detect([]), []);
    await pool.close();
  });
});

test('the event loop is free while threads look', SHORT, async () => {
  await withFolder(async (folder) => {
    await saveRandomModel(folder);
    const pool = await openDetector(folder, { threads: 1 });
    const images = Array.from({ length: 5 }, (_, i) => picture(640, 352, i));
    let answered = false;
    let turns = 0;
    const found = pool.detect(images, { all: true }).finally(() => {
      answered = true;
    });
    for (; !answered; turns++) await new Promise((resolve) => setImmediate(resolve));
    // In the caller's thread it turns a few times a picture.
    assert.ok(turns > 200, `${turns} turns`);
    assert.equal((await found).length, 5);
    await pool.close();
  });
});

test(
  'a picture that does not fit costs itself alone; a model that is not there has its own error',
  SHORT,
  async () => {
    await withFolder(async (folder) => {
      await saveRandomModel(folder);
      const pool = await openDetector(folder, { threads: 2 });
      const wrong = { ...picture(160, 96, 1), width: 161 };
      await assert.rejects(pool.detect([wrong]), { code: 'internal', message: /number of bytes/ });
      assert.equal((await pool.detect([picture(160, 96, 1)])).length, 1);
      await pool.close();
      const missing = openDetector(join(folder, 'none'), { threads: 2 });
      await assert.rejects(missing, { name: 'LogowatchError', code: 'model-missing', remedy: /.+/ });
      await assert.rejects(openDetector(folder, { engine: 'abacus' }), { code: 'usage' });
    });
  },
);

test('a thread that is gone ends what it was asked, and says so from then on', SHORT, async () => {
  await withFolder(async (folder) => {
    await saveRandomModel(folder);
    const born = once(process, 'worker') as Promise<[Worker]>;
    const pool = await openDetector(folder, { threads: 1 });
    const [worker] = await born;
    const asked = pool.detect([picture(640, 352, 1)]);
    await Promise.all([
      assert.rejects(asked, { code: 'engine-unavailable', message: /thread/ }),
      worker.terminate(),
    ]);
    await assert.rejects(pool.detect([picture(160, 96, 1)]), { code: 'engine-unavailable' });
    await pool.close();
  });
});

test(
  'an error that a thread does not catch ends what it was asked, and the process goes on',
  SHORT,
  async () => {
    await withFolder(async (folder) => {
      await saveRandomModel(folder);
      const born = once(process, 'worker') as Promise<[Worker]>;
      const pool = await openDetector(folder, { threads: 1 });
      const [worker] = await born;
      const asked = pool.detect([picture(640, 352, 1)]);
      const refused = assert.rejects(asked, { code: 'engine-unavailable', value: /out of memory/ });
      // As Node tells it, before the thread ends.
      worker.emit('error', new Error('out of memory'));
      await refused;
      await worker.terminate();
      await pool.close();
    });
  },
);

test('TensorFlow.js stays in the thread that asks', SHORT, async () => {
  await withFolder(async (folder) => {
    await saveRandomModel(folder);
    const detector = await openDetector(folder, { engine: 'tfjs', threads: 2 });
    assert.equal(detector.concurrency, undefined);
    assert.equal(detector.model.engine, 'tfjs-wasm');
    await detector.close();
  });
});

test('a process that leaves while threads look keeps its exit code', SHORT, async () => {
  await withFolder(async (folder) => {
    await saveRandomModel(folder);
    const pool = new URL('../../../src/infer/workers/pool.js', import.meta.url).href;
    const script = `
      const { openDetector } = await import(${JSON.stringify(pool)});
      const detector = await openDetector(${JSON.stringify(folder)}, { threads: 2 });
      const content = { x: 0, y: 0, width: 640, height: 352 };
      const image = { width: 640, height: 352, content, data: new Uint8Array(640 * 352 * 3) };
      const forever = async () => { for (;;) await detector.detect([image], { all: true }); };
      forever();
      forever();
      setTimeout(() => process.exit(130), 100 + Number(process.argv[2]));`;
    const file = join(folder, 'leave.mjs');
    await writeFile(file, script);
    for (const more of ['0', '13', '29', '41']) {
      const child = spawn(process.execPath, [file, more], { stdio: ['ignore', 'ignore', 'pipe'] });
      const said: Buffer[] = [];
      child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
      const [code] = (await once(child, 'close')) as [number | null];
      assert.equal(code, 130, Buffer.concat(said).toString());
    }
  });
});
