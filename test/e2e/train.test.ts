import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type CliResult, startCli } from '../support/cli.js';
import { enlarge, mountSmall, unmount } from '../support/small-disk.js';
import { until } from '../support/wait.js';

const svg = (body: string) => `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96">${body}</svg>`;
const RINGS = svg(
  '<circle cx="48" cy="48" r="40" fill="#d00"/><circle cx="48" cy="48" r="24" fill="#fff"/><circle cx="48" cy="48" r="10" fill="#d00"/>',
);
const BARS = svg('<path d="M0 96L40 0h14L14 96z M24 96L64 0h14L38 96z" fill="#0338d0"/>');
const FRAMES = 80;
const LIMIT_MS = 400_000;

const run = (...args: string[]) => startCli(args, { limitMs: LIMIT_MS }).ended;
/** The first `composing frames: N/M` of a run. */
const firstComposed = ({ stderr }: Pick<CliResult, 'stderr'>) =>
  Number(/composing frames: (\d+)\//.exec(stderr)?.[1] ?? Number.NaN);

describe('logowatch train', { timeout: 3 * LIMIT_MS }, () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  const args = (output: string, ...more: string[]) => [
    'train',
    at('art'),
    '-o',
    output,
    '--frames',
    String(FRAMES),
    '--epochs',
    '1',
    ...more,
  ];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'logowatch-train-cli-'));
    mkdirSync(at('art'));
    writeFileSync(at('art/rings.svg'), RINGS);
    writeFileSync(at('art/bars.svg'), BARS);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps what was done on Ctrl-C, leaves at once on the second, and goes on from there', async () => {
    const output = at('model');
    const first = startCli(args(output), { limitMs: LIMIT_MS });
    await until('half of the frames', () => /composing frames: (6\d|7\d)\//.test(first.text.stderr), 200_000);
    first.child.kill('SIGINT');
    const stopped = await first.ended;
    assert.equal(stopped.code, 1, stopped.stderr);
    assert.match(stopped.stderr, /the same command goes on from .*model\.partial/);
    assert.equal(stopped.stdout, '');

    const second = startCli(args(output, '--resume'), { limitMs: LIMIT_MS });
    await until('it goes on', () => /composing frames: \d+\//.test(second.text.stderr), 200_000);
    assert.ok(firstComposed(second.text) > 60, second.text.stderr);
    second.child.kill('SIGINT');
    await until('the first is heard', () => second.text.stderr.includes('Ctrl-C again'));
    second.child.kill('SIGINT');
    const code = (await second.ended).code;
    assert.ok(code === 130 || code === 1, `${code}`);

    const third = await run(...args(output, '--resume', '--json'));
    assert.equal(third.code, 0, third.stderr);
    assert.ok(!(firstComposed(third) <= 60), third.stderr);
    assert.deepEqual(JSON.parse(third.stdout).brands, ['bars', 'rings']);
    assert.ok(!readdirSync(folder).includes('model.partial'));
    // Curves, inline: the report needs nothing from the network.
    const report = readFileSync(join(output, 'report.html'), 'utf8');
    assert.ok((report.match(/<polyline/g) ?? []).length >= 2);
    assert.doesNotMatch(report, /(?:src|href)="https?:/);
    const answer = await run('detect', output, at('art/rings.svg'), '--json', '--all');
    assert.equal(answer.code, 0, answer.stderr);
    const labels = JSON.parse(answer.stdout).detections.map((d: { label: string }) => d.label);
    assert.deepEqual(new Set(labels), new Set(['rings', 'bars']));
  });

  it('says that the disk is full, and loses nothing: with space again it goes on', async (t) => {
    const disk = at('disk');
    mkdirSync(disk);
    if (!mountSmall(disk, '3m')) return t.skip('mounting a small tmpfs is not allowed here');
    try {
      const full = await run(...args(join(disk, 'model')));
      assert.equal(full.code, 1);
      assert.match(full.stderr, /training cannot write its files .*Free some space/);
      enlarge(disk, '200m');
      const more = startCli(args(join(disk, 'model'), '--resume'), { limitMs: LIMIT_MS });
      await until('it goes on', () => firstComposed(more.text) > 0, 60_000);
      assert.ok(firstComposed(more.text) > 24, more.text.stderr);
      more.child.kill('SIGKILL');
      await more.ended;
    } finally {
      unmount(disk);
    }
  });
});
