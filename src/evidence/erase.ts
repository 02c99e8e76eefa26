import type { EvidenceRecord } from './record.js';
import { placesIn, recordAt, removeAt } from './tree.js';

/** Whatever is left out does not narrow the choice. Times are ISO 8601, with a zone. */
export interface EvidenceSelection {
  readonly streams?: readonly string[] | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/**
 * Counts what belongs to a selection of appearances, and removes it with `really`. A process that keeps evidence in this folder may go
 * on meanwhile. Errors: the system's.
 */
export async function eraseEvidence(
  path: string,
  selection: EvidenceSelection,
  really: boolean,
): Promise<number> {
  let count = 0;
  const everything = Object.values(selection).every((value) => value === undefined);
  for await (const place of placesIn(path)) {
    if (!everything) {
      const record = await recordAt(path, place);
      if (record === undefined || record === 'damaged' || !isSelected(record, selection)) continue;
    }
    if (really) await removeAt(path, place);
    count++;
  }
  return count;
}

/** As a store selects: what was on screen at `from` or later, and began before `to`. */
function isSelected(record: EvidenceRecord, { streams, labels, from, to }: EvidenceSelection): boolean {
  const [start, end] = [Date.parse(record.startTime), Date.parse(record.endTime)];
  if (streams !== undefined && !streams.includes(record.streamId)) return false;
  if (labels !== undefined && !labels.includes(record.label)) return false;
  if (to !== undefined && start >= Date.parse(to)) return false;
  return from === undefined || end > Date.parse(from) || start >= Date.parse(from);
}
