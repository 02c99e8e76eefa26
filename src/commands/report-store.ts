import { stat } from 'node:fs/promises';
import type { LastRevisions } from '../exposure/facts.js';
import { brandKey, byStreamAndBrand, type ExposureReport, exposureOf } from '../exposure/report.js';
import { lineOf } from '../exposure/timeline.js';
import { isDatabaseUrl, openStore } from '../store/open.js';
import type { BrandSpans, Selection, Store } from '../store/store.js';
import { existingStore } from './store-option.js';

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

/** The report of one store alone, by the short way: what `exposureReport` says of its facts. */
export function reportOfStore(where: string): Promise<ExposureReport> {
  return withStore(where, storeReport);
}

export async function storeReport(store: Store, selection: Selection = {}): Promise<ExposureReport> {
  const brands = new Map<string, BrandSpans>();
  for await (const batch of store.spans(selection)) {
    for (const brand of batch) {
      const key = brandKey(brand);
      const known = brands.get(key);
      brands.set(key, known === undefined ? brand : { ...brand, spans: [...known.spans, ...brand.spans] });
    }
  }
  return [...brands.values()]
    .map(({ streamId, label, spans }) => exposureOf(streamId, label, lineOf(spans)))
    .sort(byStreamAndBrand);
}

async function withStore<T>(where: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(await existingStore(where, undefined));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
