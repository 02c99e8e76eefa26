import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Appearance } from '../../src/core/appearance.js';
import { keepFrame } from '../../src/evidence/picture.js';
import { evidenceOf, type NewEvidence } from '../../src/evidence/record.js';
import { appearance, lookedAt } from '../web/support.js';

/** Evidence of an appearance that has ended; `n` tells them apart. */
export async function evidence(
  n: number,
  nowMs: number,
  more: Partial<Appearance> = {},
): Promise<NewEvidence> {
  const event = appearance(n, { state: 'ended', endReason: 'gone', ...more });
  const { streamId, session, label } = event;
  const looked = lookedAt({ streamId, session, ptsMs: n * 1_000 }, [{ label }]);
  return evidenceOf(event, await keepFrame(looked, () => true), nowMs);
}

export async function withFolder(body: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'logowatch-evidence-'));
  const path = join(folder, 'evidence');
  mkdirSync(path);
  try {
    await body(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Paths below a folder, files and folders. */
export const tree = (path: string): string[] => readdirSync(path, { recursive: true }).map(String).sort();

/** What is kept: the folders two deep, but for what is staged. */
export const places = (path: string): string[] =>
  tree(path).filter((p) => p.split('/').length === 2 && !p.startsWith('staging/'));

/** As `du` counts. */
export function diskUsage(path: string): number {
  return tree(path).reduce((sum, p) => sum + statSync(join(path, p)).blocks * 512, 0);
}
