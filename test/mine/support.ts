import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { CANDIDATES_FILE, type Candidate, FRAMES_FOLDER, type Verdict } from '../../src/mine/candidate.js';

export async function temporary(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'logowatch-mine-'));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A candidate of the `n`-th frame: green, with a magenta patch where the box is. */
export function candidate(n: number, changes: Partial<Candidate> = {}): Candidate {
  const twelve = (value: number) => value.toString(16).padStart(12, '0');
  return {
    id: twelve(n),
    file: `${FRAMES_FOLDER}/${twelve(n)}.jpg`,
    width: 320,
    height: 180,
    source: 'match.mp4',
    ptsMs: n * 1000,
    time: new Date(n * 1000).toISOString(),
    label: 'acme',
    score: 0.9,
    llr: 4,
    confident: true,
    box: [100, 60, 80, 50],
    ...changes,
  };
}

/** What `mine` leaves, but for the page. */
export async function writeCandidates(folder: string, candidates: readonly Candidate[]): Promise<void> {
  await mkdir(join(folder, FRAMES_FOLDER), { recursive: true });
  const [width, height] = [80, 50];
  const patch = { input: { create: { width, height, channels: 3 as const, background: '#f0f' } } };
  const picture = await sharp({ create: { width: 320, height: 180, channels: 3, background: '#0c0' } })
    .composite([{ ...patch, left: 100, top: 60 }])
    .jpeg()
    .toBuffer();
  for (const { file } of candidates) await writeFile(join(folder, file), picture);
  await writeFile(join(folder, CANDIDATES_FILE), candidates.map((c) => `${JSON.stringify(c)}\n`).join(''));
}

export async function writeVerdicts(folder: string, verdicts: Record<string, Verdict>): Promise<string> {
  const file = join(folder, 'verdicts.json');
  await writeFile(file, JSON.stringify({ format: 1, verdicts }));
  return file;
}

export async function readCandidates(folder: string): Promise<Candidate[]> {
  const lines = (await readFile(join(folder, CANDIDATES_FILE), 'utf8')).split('\n').filter((l) => l !== '');
  return lines.map((line) => JSON.parse(line) as Candidate);
}
