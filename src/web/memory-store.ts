import type { Appearance } from '../core/appearance.js';
import type {
  AppearancePage,
  AppearanceQuery,
  Seen,
  Selection,
  StoredAppearance,
  Verdict,
} from '../store/store.js';
import { Problem } from '../streams/control.js';
import type { PageStore } from './page-store.js';

export const APPEARANCES_MAX = 10_000;
const PAGE_DEFAULT = 50;

/** The newest appearances, in memory: what the page shows where no store is configured. Gone with the process. */
export class MemoryStore implements PageStore {
  readonly #max: number;
  /** In the order in which they opened. */
  readonly #byId = new Map<string, StoredAppearance>();

  constructor(max = APPEARANCES_MAX) {
    this.#max = max;
  }

  async upsert(events: readonly Appearance[]): Promise<number> {
    const changed = events.filter((event) => this.#add(event)).length;
    for (const id of this.#byId.keys()) {
      if (this.#byId.size <= this.#max) break;
      this.#byId.delete(id);
    }
    return changed;
  }

  async appearances(query: AppearanceQuery = {}): Promise<AppearancePage> {
    const { limit = PAGE_DEFAULT, cursor } = query;
    const after = cursor === undefined ? undefined : readCursor(cursor);
    const found = [...this.#byId.values()]
      .filter((a) => isSelected(a, query) && isQueried(a, query))
      .sort(newestFirst)
      .filter((a) => after === undefined || newestFirst(a, after) > 0);
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return { appearances: page, cursor: last === undefined ? null : writeCursor(last) };
  }

  async appearance(id: string): Promise<StoredAppearance | undefined> {
    return this.#byId.get(id);
  }

  async *facts(selection: Selection = {}): AsyncGenerator<readonly StoredAppearance[]> {
    yield [...this.#byId.values()]
      .filter((a) => isSelected(a, selection))
      .sort(newestFirst)
      .reverse();
  }

  async brands(): Promise<readonly Seen[]> {
    const brands = new Map<string, Seen>();
    for (const { label: name, startTime } of this.#byId.values()) {
      const { appearances, first, last } = brands.get(name) ?? {
        appearances: 0,
        first: startTime,
        last: startTime,
      };
      brands.set(name, {
        name,
        appearances: appearances + 1,
        first: first < startTime ? first : startTime,
        last: last > startTime ? last : startTime,
      });
    }
    return [...brands.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async judge(verdict: Verdict): Promise<boolean> {
    const known = this.#byId.get(verdict.appearanceId);
    if (known !== undefined) this.#byId.set(known.id, { ...known, verdict });
    return known !== undefined;
  }

  async unjudge(id: string): Promise<boolean> {
    const known = this.#byId.get(id);
    if (known === undefined || known.verdict === null) return false;
    this.#byId.set(id, { ...known, verdict: null });
    return true;
  }

  #add(event: Appearance): boolean {
    const known = this.#byId.get(event.id);
    if (known !== undefined && known.revision >= event.revision) return false;
    this.#byId.set(event.id, { ...event, verdict: known?.verdict ?? null });
    return true;
  }
}

type Start = Pick<Appearance, 'startTime' | 'id'>;

/** ISO 8601 in UTC sorts as time does. */
function newestFirst(a: Start, b: Start): number {
  if (a.startTime !== b.startTime) return a.startTime < b.startTime ? 1 : -1;
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}

function isSelected(a: Appearance, { streams, labels, from, to }: Selection): boolean {
  return (
    (streams === undefined || streams.includes(a.streamId)) &&
    (labels === undefined || labels.includes(a.label)) &&
    (to === undefined || Date.parse(a.startTime) < Date.parse(to)) &&
    (from === undefined ||
      Date.parse(a.endTime) > Date.parse(from) ||
      Date.parse(a.startTime) >= Date.parse(from))
  );
}

function isQueried(a: StoredAppearance, { states, verdicts }: AppearanceQuery): boolean {
  return (
    (states === undefined || states.includes(a.state)) &&
    (verdicts === undefined || verdicts.includes(a.verdict?.verdict ?? 'none'))
  );
}

const writeCursor = ({ startTime, id }: Start): string =>
  Buffer.from(JSON.stringify([startTime, id])).toString('base64url');

function readCursor(cursor: string): Start {
  try {
    const [startTime, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (typeof startTime === 'string' && typeof id === 'string') return { startTime, id };
  } catch {
    // Told below.
  }
  throw new Problem(400, 'This is no cursor of a page', 'Leave it out for the first page');
}
