import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MemoryBus } from '../bus/memory.js';
import { TappedBus } from '../bus/tapped.js';
import { type Config, parseConfig } from '../config.js';
import type { Appearance } from '../core/appearance.js';
import type { Detector } from '../infer/detector.js';
import { runPipeline } from '../pipeline.js';
import { createSinks } from '../sink/create.js';
import type { Sink } from '../sink/sink.js';
import type { RunStats } from '../telemetry/stats.js';
import { PinoTelemetry, type Telemetry } from '../telemetry/telemetry.js';
import { PerPlay, type Play } from './demo-plays.js';
import { ProgressLine } from './io.js';
import { LocalStreams } from './local-streams.js';
import { openPage, type Page } from './web.js';

export interface DemoOptions {
  seconds: number;
  seed: number;
  output: string;
  model: string;
  rtsp: boolean;
  ffmpeg?: string;
  json?: boolean;
  web?: string | boolean;
  keepOpen?: boolean;
}

export type Say = (text: string) => void;

export interface Watched {
  readonly appearances: ReadonlyMap<string, readonly Appearance[]>;
  readonly stats: ReadonlyMap<string, RunStats>;
  readonly seconds: number;
}

export interface PlaysToWatch {
  readonly plays: readonly Play[];
  readonly detector: Detector;
  readonly options: DemoOptions;
  readonly signal: AbortSignal;
  readonly say: Say;
  /** Is given what is to be closed when all is over, the page first of all. */
  readonly closers: (() => Promise<void>)[];
}

/** The ordinary pipeline on all plays, and its page; stops when the last one has been published and its tail was watched. */
export async function watchPlays(watched: PlaysToWatch): Promise<Watched> {
  const { plays, detector, signal, say, closers } = watched;
  const { output, json } = watched.options;
  const events = join(output, 'events.jsonl');
  await rm(events, { force: true });
  const over = new AbortController();
  const telemetry = new PerPlay(new PinoTelemetry('warn'), plays, over);
  const config = demoConfig(watched);
  const streams = new LocalStreams(config, telemetry);
  const page = await pageOf(config, streams, telemetry, watched);
  if (page !== undefined) {
    closers.push(page.server.close);
    say(`page ${page.server.url}`);
  }
  const kept = new Map<string, Appearance[]>(plays.map((p) => [p.id, []]));
  const started = performance.now();
  const progress = new ProgressLine(() => telemetry.text(started));
  try {
    for (const play of plays) say(`watching ${play.url}`);
    const options = { telemetry, beforePrint: () => progress.clear() };
    const printed = json ? [] : await createSinks([{ type: 'stdout' }], options);
    const file = await createSinks([{ type: 'jsonl', path: events }], options);
    const bus = new MemoryBus({ telemetry: page?.state.health ?? telemetry });
    await runPipeline({
      streams: [],
      onStreams: async (set) => {
        await streams.run(set);
        return true;
      },
      detector,
      sinks: [...printed, ...file, keeper(kept), ...(page ? [page.state.sink()] : [])],
      smoothing: {},
      bus: page ? new TappedBus(bus, page.state.see) : bus,
      telemetry: page?.state.health ?? telemetry,
      signal: AbortSignal.any([signal, over.signal]),
    });
  } finally {
    progress.close();
  }
  return { appearances: kept, stats: telemetry.stats(), seconds: (performance.now() - started) / 1000 };
}

function demoConfig({ plays, options: { web, output } }: PlaysToWatch): Config {
  return parseConfig({
    name: 'demo',
    streams: plays.map(({ id, url }) => ({ id, url })),
    ...(web !== false && {
      web: { ...(typeof web === 'string' && { listen: web }), review: join(output, 'review') },
    }),
  });
}

async function pageOf(
  { web: config }: Config,
  streams: LocalStreams,
  telemetry: Telemetry,
  { detector, options: { web } }: PlaysToWatch,
): Promise<Page | undefined> {
  if (config === undefined) return undefined;
  const labels = () => detector.model.labels;
  // An address that was asked for is that one or none.
  return openPage({ config, streams, telemetry, labels, anyPort: typeof web !== 'string' });
}

function keeper(kept: ReadonlyMap<string, Appearance[]>): Sink {
  return {
    name: 'comparison',
    write: async (events) => {
      for (const event of events) kept.get(event.streamId)?.push(event);
    },
    close: async () => undefined,
  };
}
