import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { eraseEvidence } from '../../src/evidence/erase.js';
import { EvidenceFolder, type FolderOptions } from '../../src/evidence/folder.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { diskUsage, evidence, places, tree, withFolder } from './support.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

async function open(path: string, more: Partial<FolderOptions> = {}) {
  const telemetry = new RecordingTelemetry();
  const folder = await EvidenceFolder.open({
    ...{ path, days: 30, maxBytes: 1e9, telemetry, now: () => NOW },
    ...more,
  });
  await folder.sweep();
  const removed = () => telemetry.events.filter((e) => e.type === 'evidence-removed');
  return { folder, telemetry, removed };
}

describe('EvidenceFolder', { timeout: 120_000 }, () => {
  it('keeps frame, crop and a record with their hashes, and has them after a restart', () =>
    withFolder(async (path) => {
      const { folder } = await open(path);
      const written = await evidence(7, NOW);
      await folder.put(written);
      await folder.close();

      const [place = ''] = places(path);
      const read = (name: string) => readFileSync(join(path, place, name));
      const record = JSON.parse(read('evidence.json').toString());
      assert.deepEqual(record, written.record);
      assert.deepEqual([record.modelId, record.modelHash], ['m', 'a'.repeat(64)]);
      for (const name of ['frame', 'crop'] as const) {
        const bytes = read(`${name}.jpg`);
        assert.equal(createHash('sha256').update(bytes).digest('hex'), record[name].sha256);
        const { width, height, format } = await sharp(bytes).metadata();
        assert.deepEqual([width, height, format], [record[name].width, record[name].height, 'jpeg']);
      }
      // The place of 96x54 pixels, with a tenth of it on each side.
      assert.deepEqual([record.frame.width, record.frame.height], [320, 180]);
      assert.deepEqual([record.crop.width, record.crop.height], [116, 66]);
      const { data } = await sharp(read('crop.jpg')).raw().toBuffer({ resolveWithObject: true });
      const middle = (33 * 116 + 58) * 3;
      assert.ok(data[middle]! > 180 && data[middle + 1]! < 80, 'the magenta place is in the middle');

      const again = (await open(path)).folder;
      const kept = await again.of('appearance-7');
      assert.deepEqual(kept?.jpeg, written.files.get('frame.jpg'));
      assert.deepEqual(await again.frame(record.frame.id), kept);
      assert.deepEqual(await again.crop('appearance-7'), written.files.get('crop.jpg'));
      assert.equal(await again.of('appearance-8'), undefined);
      await again.close();
    }));

  it('names tell nothing, come in no order, and are for the owner alone', () =>
    withFolder(async (path) => {
      const { folder } = await open(path);
      for (const n of [1, 2]) {
        await folder.put(await evidence(n, NOW, { streamId: 'channel', label: 'brandname' }));
        await folder.put(await evidence(n, NOW, { streamId: 'channel', label: 'brandname' }));
      }
      await folder.close();
      const names = places(path);
      assert.equal(names.length, 2, 'what is written again replaces what was there');
      for (const name of names) assert.match(name, /^2026-03-01\/[0-9a-f]{32}$/);
      for (const name of tree(path))
        assert.match(
          name,
          /^(?:staging|2026-03-01(?:\/[0-9a-f]{32}(?:\/(?:frame\.jpg|crop\.jpg|evidence\.json))?)?)$/,
        );
      const modes = tree(path)
        .filter((p) => p.includes('/'))
        .map((p) => statSync(join(path, p)).mode & 0o077);
      assert.deepEqual([...new Set(modes)], [0]);
    }));

  it('forgets what is too old, while it runs and at the start', () =>
    withFolder(async (path) => {
      let now = NOW;
      const { folder, removed } = await open(path, { now: () => now });
      for (const n of [1, 2, 3]) await folder.put(await evidence(n, NOW + n * DAY_MS));
      now = NOW + 32.5 * DAY_MS;
      await folder.sweep();
      assert.deepEqual(removed(), [{ type: 'evidence-removed', count: 2, reason: 'age' }]);
      assert.deepEqual(
        tree(path).filter((p) => !p.includes('/')),
        ['2026-03-04', 'staging'],
      );
      await folder.close();
      const later = await open(path, { now: () => NOW + 34 * DAY_MS });
      assert.equal(later.removed().length, 1);
      assert.deepEqual(places(path), []);
      assert.equal(later.folder.bytes, 0);
      await later.folder.close();
    }));

  it('never has more on the disk than it may: the oldest go first', () =>
    withFolder(async (path) => {
      const maxBytes = 100_000;
      const { folder, removed } = await open(path, { maxBytes });
      for (let n = 1; n <= 20; n++) {
        await folder.put(await evidence(n, NOW + n));
        assert.ok(diskUsage(path) <= maxBytes + 2 * 4096, 'two folders beside those of the appearances');
      }
      const left = places(path).length;
      assert.ok(left >= 4 && left < 20, `${left}`);
      assert.equal(
        removed().reduce((sum, e) => sum + e.count, 0),
        20 - left,
      );
      for (let n = 1; n <= 20; n++)
        assert.equal((await folder.of(`appearance-${n}`)) !== undefined, n > 20 - left, `${n}`);
      await folder.close();
      const less = await open(path, { maxBytes: 40_000 });
      assert.ok(diskUsage(path) <= 40_000 + 2 * 4096);
      assert.ok((await less.folder.of('appearance-20')) !== undefined);
      await less.folder.close();
    }));

  it('shows nothing that is not whole, and removes it', () =>
    withFolder(async (path) => {
      const first = await open(path);
      for (const n of [1, 2, 3, 4]) await first.folder.put(await evidence(n, NOW + n));
      await first.folder.close();
      const of = (n: number) =>
        places(path).find((p) =>
          readFileSync(join(path, p, 'evidence.json'), 'utf8').includes(`"appearance-${n}"`),
        )!;
      const [one, two, three, four] = [1, 2, 3, 4].map(of) as [string, string, string, string];
      const text = readFileSync(join(path, one, 'evidence.json'), 'utf8');
      writeFileSync(join(path, one, 'evidence.json'), text.slice(0, text.length / 2));
      rmSync(join(path, two, 'evidence.json'));
      const jpeg = readFileSync(join(path, three, 'frame.jpg'));
      writeFileSync(join(path, three, 'frame.jpg'), jpeg.subarray(0, jpeg.length - 100));
      const { folder, telemetry } = await open(path);
      assert.deepEqual(places(path), [three, four].sort());
      assert.equal(await folder.of('appearance-1'), undefined);
      assert.equal(await folder.of('appearance-3'), undefined);
      assert.ok(telemetry.events.some((e) => e.type === 'warning' && e.message.includes(three)));
      assert.ok(await folder.of('appearance-4'));
      await folder.close();
    }));

  it('leaves alone what is not its own, and what others are writing', () =>
    withFolder(async (path) => {
      const foreign = ['holiday.jpg', '2020-01-01/mine/a.txt', '2020-01-01/notes.txt', 'deadbeef/x'];
      for (const name of foreign) {
        mkdirSync(join(path, name, '..'), { recursive: true });
        writeFileSync(join(path, name), 'mine');
      }
      const staged = ['1'.repeat(32), '2'.repeat(32)].map((name) => join(path, 'staging', name));
      for (const [i, at] of staged.entries()) {
        mkdirSync(at, { recursive: true });
        writeFileSync(join(at, 'frame.jpg'), 'half of it');
        const then = new Date(NOW - (i === 0 ? 2 * HOUR_MS : 60_000));
        utimesSync(at, then, then);
      }
      const { folder } = await open(path, { days: 1, maxBytes: 1_000_000 });
      await folder.close();
      for (const name of foreign) assert.equal(readFileSync(join(path, name), 'utf8'), 'mine');
      assert.deepEqual(
        tree(path).filter((p) => /^staging\/[^/]+$/.test(p)),
        [`staging/${'2'.repeat(32)}`],
      );
    }));

  it('two processes may keep it: each learns what the other has written and erased', () =>
    withFolder(async (path) => {
      const [a, b] = [await open(path), await open(path)];
      await a.folder.put(await evidence(1, NOW));
      assert.equal(await b.folder.of('appearance-1'), undefined);
      await b.folder.sweep();
      assert.ok(await b.folder.of('appearance-1'));
      assert.equal(a.folder.bytes, b.folder.bytes);
      assert.equal(await eraseEvidence(path, { streams: ['news'] }, true), 1);
      assert.equal(await a.folder.of('appearance-1'), undefined);
      await b.folder.sweep();
      assert.deepEqual([a.folder.bytes, b.folder.bytes], [0, 0]);
      await Promise.all([a.folder.close(), b.folder.close()]);
    }));

  it('what a killed process had said to be kept is there, whole; of the rest nothing is shown', () =>
    withFolder(async (path) => {
      const said: string[] = [];
      for (let round = 0; round < 4; round++) {
        const program = fileURLToPath(new URL('./writer.js', import.meta.url));
        const child = spawn(process.execPath, [program, path, `${round * 1000}`], {
          stdio: ['ignore', 'pipe', 'inherit'],
          timeout: 60_000,
        });
        let text = '';
        child.stdout.on('data', (data) => {
          text += data;
          if (text.split('\n').length > 5 + round * 3) child.kill('SIGKILL');
        });
        await new Promise((resolve) => child.once('close', resolve));
        assert.equal(child.signalCode, 'SIGKILL');
        said.push(...text.split('\n').slice(0, -1));
      }
      const { folder, telemetry } = await open(path, { now: Date.now });
      assert.ok(said.length >= 20);
      for (const id of said) assert.ok(await folder.of(id), id);
      const all = places(path).map((p) => JSON.parse(readFileSync(join(path, p, 'evidence.json'), 'utf8')));
      for (const { appearanceId } of all) assert.ok(await folder.of(appearanceId), appearanceId);
      assert.ok(all.length - said.length <= 4);
      assert.deepEqual(
        telemetry.events.filter((e) => e.type === 'warning'),
        [],
      );
      await folder.close();
    }));

  it('a folder that cannot be one is a fault of the config', () =>
    withFolder(async (path) => {
      writeFileSync(join(path, 'file'), '');
      await assert.rejects(open(join(path, 'file')), { code: 'config-invalid', value: join(path, 'file') });
    }));
});

describe('eraseEvidence', () => {
  it('takes away what belongs to streams, brands and times, as a store does', () =>
    withFolder(async (path) => {
      const { folder } = await open(path);
      const at = (day: number) => `2026-02-0${day}T12:00:00.000Z`;
      const put = async (n: number, streamId: string, label: string, startTime: string, endTime: string) =>
        folder.put(await evidence(n, NOW, { streamId, label, startTime, endTime }));
      await put(1, 'news', 'acme', at(1), at(2));
      await put(2, 'news', 'globex', at(3), at(4));
      await put(3, 'sports', 'acme', at(5), at(6));
      await folder.close();
      const count = (selection: object) => eraseEvidence(path, selection, false);
      assert.equal(await count({ streams: ['news'] }), 2);
      assert.equal(await count({ labels: ['acme'] }), 2);
      assert.equal(await count({ streams: ['news'], labels: ['acme'] }), 1);
      assert.equal(await count({ from: at(4) }), 1);
      assert.equal(await count({ from: '2026-02-03T13:00:00Z' }), 2);
      assert.equal(await count({ to: at(3) }), 1);
      assert.equal(await count({}), 3);
      assert.equal(places(path).length, 3);
      assert.equal(await eraseEvidence(path, { streams: ['news'], to: at(3) }, true), 1);
      assert.equal(places(path).length, 2);
      assert.equal(await eraseEvidence(path, {}, true), 2);
      assert.deepEqual(places(path), []);
    }));
});
