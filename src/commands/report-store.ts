import { stat } from 'node:fs/promises';
import type { OfBrand } from '../core/fact-rows.js';
import { type ExposureAnalysis, ExposureCount, type ExposureOptions } from '../exposure/analysis.js';
import type { LastRevisions } from '../exposure/facts.js';
import { brandKey, byStreamAndBrand, type ExposureReport, exposureOf } from '../exposure/report.js';
import { lineOf, type Segment, segmentOf } from '../exposure/timeline.js';
import { isDatabaseUrl, openStore, storeOptionsOf } from '../store/open.js';
import type { Selection, Store } from '../store/store.js';

/** True for a postgres:// address and for a folder. */
export async function isStore(where: string): Promise<boolean> {
  return isDatabaseUrl(where) || ((await stat(where).catch(() => undefined))?.isDirectory() ?? false);
}

/** What a store holds, beside what files of events do. */
export async function readStore(where: string, into: LastRevisions, selection: Selection): Promise<void> {
  await withStore(where, async (store) => {
    for await (const batch of store.facts(selection)) for (const facts of batch) into.add(facts);
  });
}

/** The analysis of one store alone, by the short way: what `exposureAnalysis` says of its facts. */
export function analysisOfStore(
  where: string,
  options: ExposureOptions,
  selection: Selection,
): Promise<ExposureAnalysis> {
  return withStore(where, (store) => storeAnalysis(store, options, selection));
}

/** @param selection no more is read of the store */
export async function storeAnalysis(
  store: Store,
  options: ExposureOptions,
  selection: Selection,
): Promise<ExposureAnalysis> {
  const count = new ExposureCount(options);
  for await (const rows of store.rows(selection)) count.add(rows);
  return count.end();
}

/** Seconds alone: what `exposureReport` says of its facts. */
export function reportOfStore(where: string): Promise<ExposureReport> {
  return withStore(where, storeReport);
}

export async function storeReport(store: Store, selection: Selection = {}): Promise<ExposureReport> {
  const brands = new Map<string, { readonly of: OfBrand; readonly segments: Segment[] }>();
  for await (const { brands: named, brand, values } of store.rows(selection)) {
    const lines = named.map((of) => brands.get(brandKey(of)) ?? { of, segments: [] });
    for (const [row, index] of brand.entries()) lines[index]!.segments.push(segmentOf(values, row));
    for (const line of lines) if (line.segments.length > 0) brands.set(brandKey(line.of), line);
  }
  return [...brands.values()]
    .map(({ of, segments }) => exposureOf(of.streamId, of.label, lineOf(segments)))
    .sort(byStreamAndBrand);
}

async function withStore<T>(where: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ ...storeOptionsOf(where), mustExist: true });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
