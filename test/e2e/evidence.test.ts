import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Appearance } from '../../src/core/appearance.js';
import { repoRoot } from '../../src/core/root.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import type { EvidenceRecord } from '../../src/evidence/record.js';
import { launchChromium, noChromium } from '../support/chromium.js';
import { lastRevisions, type RunningCli, readEvents, startCli } from '../support/cli.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { freePort } from '../support/ports.js';
import { mountSmall, unmount } from '../support/small-disk.js';
import { until } from '../support/wait.js';

const model = join(repoRoot(), 'models', 'demo');
const TOKEN = 'a-token-of-a-viewer';

describe('evidence from the command line', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'logowatch-evidence-'));
  const at = (name: string) => join(folder, name);
  const run = (...args: string[]) => startCli(args, { cwd: folder, env: { XDG_DATA_HOME: at('data') } });
  let ended: readonly Appearance[] = [];
  let file = '';
  let page: RunningCli | undefined;

  const records = (path: string): EvidenceRecord[] =>
    existsSync(path)
      ? readdirSync(path, { recursive: true })
          .map(String)
          .filter((p) => p.endsWith('evidence.json'))
          .map((p) => JSON.parse(readFileSync(join(path, p), 'utf8')))
      : [];

  before(async () => {
    const { path } = await npmFfmpeg();
    ({ file } = await composeBroadcast({ ffmpegPath: path, seed: 3, seconds: 16, output: at('b.mp4') }));
    const args = ['-m', model, '--events', at('events.jsonl'), '--store', at('store'), '--evidence'];
    const watched = await run('watch', file, ...args, at('evidence')).ended;
    assert.equal(watched.code, 0, watched.stderr);
    ended = lastRevisions(readEvents(at('events.jsonl')));
    assert.ok(ended.length >= 2);
  });
  after(() => {
    page?.child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('watch --evidence keeps a picture of what was there when, and by which model', () => {
    const kept = records(at('evidence'));
    assert.deepEqual(kept.map((r) => r.appearanceId).sort(), ended.map(({ id }) => id).sort());
    for (const record of kept) {
      const event = ended.find(({ id }) => id === record.appearanceId)!;
      const { label, streamId, session, modelId, modelHash, startTime, endTime } = event;
      const facts = { label, streamId, session, modelId, modelHash, startTime, endTime };
      assert.deepEqual({ ...record, ...facts }, record);
      assert.ok(event.startPtsMs <= record.frame.ptsMs && record.frame.ptsMs <= event.endPtsMs);
      assert.ok(record.score > 0 && record.score <= event.score, `${record.score} of ${event.score}`);
    }
    const names = readdirSync(at('evidence'), { recursive: true }).map(String);
    const words = [ended[0]!.streamId, ...ended.map(({ label }) => label)];
    for (const word of words.filter((w) => w.length > 1))
      assert.ok(!names.some((name) => name.includes(word)), word);
  });

  it('a page that is started later shows it, to those who may see', async () => {
    const port = await freePort('tcp');
    const config = at('page.yaml');
    const web = { listen: `127.0.0.1:${port}`, tokens: [{ token: TOKEN, role: 'viewer' }] };
    writeFileSync(
      config,
      JSON.stringify({ web, store: { path: at('store') }, evidence: { path: at('evidence') } }),
    );
    page = run('watch', '-c', config, '-m', model);
    const { text } = page;
    await until('the page', () => text.stderr.includes('page on '), 60_000);
    const url = `http://127.0.0.1:${port}`;
    const get = (path: string, token = TOKEN) =>
      fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    const event = ended[0]!;
    const path = `/api/appearances/${event.id}`;
    const { frame } = (await (await get(path)).json()) as { frame: { id: string; detections: object[] } };
    const record = records(at('evidence')).find((r) => r.appearanceId === event.id)!;
    assert.equal(frame.id, record.frame.id);
    assert.deepEqual(frame.detections, record.detections);
    for (const [picture, bytes] of [
      [`/api/frames/${frame.id}`, record.frame.bytes],
      [`${path}/crop`, record.crop.bytes],
    ] as const) {
      const answer = await get(picture);
      assert.equal(answer.headers.get('content-type'), 'image/jpeg');
      assert.equal((await answer.arrayBuffer()).byteLength, bytes);
      assert.equal((await get(picture, 'another-token-of-nobody')).status, 401);
    }
    if (noChromium === false) await seenInBrowser(url, event);
    page.child.kill('SIGINT');
    assert.equal((await page.ended).code, 0, text.stderr);
  });

  async function seenInBrowser(url: string, { id, label }: Appearance): Promise<void> {
    const browser = await launchChromium();
    try {
      const tab = await browser.newPage();
      tab.setDefaultTimeout(30_000);
      await tab.goto(`${url}/#/appearance/${id}`);
      await tab.locator('input[type=password]').fill(TOKEN);
      await tab.keyboard.press('Enter');
      const picture = tab.getByRole('img', { name: `Best frame of ${label}` });
      await picture.waitFor();
      assert.equal(
        await picture.evaluate(async (img) => {
          const image = img as unknown as { decode(): Promise<void>; naturalWidth: number };
          await image.decode();
          return image.naturalWidth;
        }),
        640,
      );
    } finally {
      await browser.close();
    }
  }

  it('erase takes the evidence away with the appearances', async () => {
    const brand = ended[0]!.label;
    const count = ended.filter(({ label }) => label === brand).length;
    const config = at('erase.json');
    writeFileSync(
      config,
      JSON.stringify({ store: { path: at('store') }, evidence: { path: at('evidence') } }),
    );
    const erase = async (...args: string[]) => {
      const { code, stdout, stderr } = await run('erase', ...args, '--json').ended;
      assert.equal(code, 0, stderr);
      return { ...JSON.parse(stdout), stderr };
    };
    const both = { appearances: count, verdicts: 0, evidence: count, stderr: '' };
    assert.deepEqual(await erase('-c', config, '--brand', brand), { erased: false, ...both });
    assert.equal(records(at('evidence')).length, ended.length);
    assert.deepEqual(await erase('-c', config, '--brand', brand, '--yes'), { erased: true, ...both });
    assert.equal(records(at('evidence')).length, ended.length - count);
    // What is named alone is erased alone.
    const rest = ended.length - count;
    const alone = await erase('--evidence', at('evidence'), '--all', '--yes');
    assert.deepEqual([alone.appearances, alone.evidence], [0, rest]);
    mkdirSync(join(at('data'), 'logowatch', 'evidence'), { recursive: true });
    const store = await erase(at('store'), '--all', '--yes');
    assert.deepEqual([store.appearances, store.evidence], [rest, 0]);
    assert.match(store.stderr, /evidence in .* is left: name it with --evidence/);
  });

  it('a full disk of evidence costs no event, and a page is not needed', async (t) => {
    const disk = at('disk');
    mkdirSync(disk);
    if (!mountSmall(disk, '32k')) return t.skip('mounting a small tmpfs is not allowed here');
    try {
      const events = at('full.jsonl');
      const watched = await run('watch', file, '-m', model, '--events', events, `--evidence=${disk}`).ended;
      assert.equal(watched.code, 0, watched.stderr);
      const lines = (path: string) => lastRevisions(readEvents(path)).map((e) => [e.label, e.startPtsMs]);
      assert.deepEqual(lines(events), lines(at('events.jsonl')));
      assert.equal(watched.stderr.match(/evidence is dropped until there is space/g)?.length, 1);
    } finally {
      unmount(disk);
    }
  });

  it('a source after --evidence is not taken for a folder', async () => {
    const { code, stderr } = await run('watch', '--evidence', 'rtsp://u:hush-hush@127.0.0.1:9/x').ended;
    assert.equal(code, 2);
    assert.match(stderr, /Evidence is kept in a folder/);
    assert.ok(!stderr.includes('hush-hush'));
  });
});
