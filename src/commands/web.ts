import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openKafka } from '../bus/kafka/config.js';
import { MemoryBus } from '../bus/memory.js';
import { TappedBus } from '../bus/tapped.js';
import type { Config } from '../config.js';
import { repoRoot } from '../core/root.js';
import type { Evidence } from '../evidence/evidence.js';
import { createSinks } from '../sink/create.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { WebConfig } from '../web/config.js';
import { LazyStore } from '../web/lazy-store.js';
import { ReviewBook } from '../web/review-book.js';
import { startWeb, type WebServer } from '../web/server.js';
import { WebState } from '../web/state.js';
import type { ProgressLine } from './io.js';
import type { LocalStreams } from './local-streams.js';
import type { ConfigReload } from './reload.js';
import { sinksOf } from './watch-config.js';

export interface PageOptions {
  readonly config: WebConfig;
  readonly streams: LocalStreams;
  readonly telemetry: Telemetry;
  readonly labels: () => readonly string[];
  /** Where appearances are kept; left out: the newest of them, in memory. */
  readonly store?: Config['store'];
  /** Left out: the newest pictures, in memory. */
  readonly evidence?: Evidence | undefined;
  /** How the page's reports count. */
  readonly exposure?: Config['exposure'];
  readonly reload?: ConfigReload | undefined;
  readonly anyPort?: boolean;
}

export interface Page {
  readonly state: WebState;
  readonly server: WebServer;
}

/** The page and its API, on what one process watches. Errors: config-invalid, dataset-invalid. */
export async function openPage(options: PageOptions): Promise<Page> {
  const { config, streams, telemetry, labels, reload, exposure, evidence, anyPort = false } = options;
  const store = options.store && new LazyStore(options.store);
  const { control, board } = streams;
  const review = await ReviewBook.open(config.review);
  const state = new WebState({ telemetry, control, review, labels, store, exposure, evidence });
  const configState = () => reload?.state ?? { loadedAt: null, error: null };
  try {
    const server = await startWeb({
      config,
      state,
      version: programVersion(),
      node: board.node,
      configState,
      anyPort,
    });
    const close = async () => {
      await server.close();
      await store?.close();
    };
    return { state, server: { ...server, close } };
  } catch (error) {
    state.close();
    throw error;
  }
}

/** What joins the stages and what takes their events; a page sees both, and so does evidence without a page. */
export async function busAndSinks(
  config: Config,
  telemetry: Telemetry,
  { page, evidence }: { readonly page?: Page | undefined; readonly evidence?: Evidence | undefined },
  progress?: ProgressLine,
) {
  const sinks = await createSinks(sinksOf(config), { telemetry, beforePrint: () => progress?.clear() });
  const bus = config.bus.kafka && (await openKafka(config.bus.kafka, telemetry));
  const seer = page?.state ?? evidence;
  if (seer === undefined) return { sinks, telemetry, ...(bus && { bus }) };
  const told = page?.state.health ?? telemetry;
  return {
    sinks: [...sinks, seer.sink()],
    telemetry: told,
    bus: new TappedBus(bus ?? new MemoryBus({ telemetry: told }), seer.see),
  };
}

/** Whether streams may still come although none is left. */
export const takesStreams = ({ ops, web }: Config): boolean => ops?.token !== undefined || web !== undefined;

export function programVersion(): string {
  const { version } = JSON.parse(readFileSync(join(repoRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
