/**
 * What restarts leave behind: `node dist/bench/restarts.js [RESTARTS] [STREAMS] [MODEL]`. An RTSP server drops every
 * player after a burst of packets; the streams are opened again and again, through the real stages (ffmpeg, bus,
 * network, smoother), with the waits between two tries cut to 5 ms. Prints memory after a collection, descriptors and
 * children of this process, which holds the server as well, over the restarts.
 */

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MemoryBus } from '../src/bus/memory.js';
import { topics } from '../src/bus/topics.js';
import { repoRoot } from '../src/core/root.js';
import { RtspRelay } from '../src/demo/rtsp-relay.js';
import { runInference, runSmoothing } from '../src/infer/flow.js';
import { openDetector } from '../src/infer/workers/pool.js';
import { locateFfmpeg } from '../src/ingest/ffmpeg/locate.js';
import { createSource } from '../src/ingest/open.js';
import { superviseStream } from '../src/ingest/supervisor.js';
import { runSinks } from '../src/sink/run.js';
import { StatsTelemetry } from '../src/telemetry/stats.js';
import type { InternalEvent } from '../src/telemetry/telemetry.js';
import { children, openDescriptors, zombies } from '../test/support/processes.js';
import { publishRtsp } from '../test/support/publish.js';
import { table } from './measure.js';

const [restartsText = '200', streamsText = '2', model = join(repoRoot(), 'models', 'demo')] =
  process.argv.slice(2);
const restarts = Number(restartsText);
const ROWS = 8;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

const ffmpeg = await locateFfmpeg();
const relay = new RtspRelay({ burstPackets: 40, dropAfterBurst: true });
await relay.start();
const publisher = publishRtsp(relay.url('live/x'), { ffmpeg, gop: 5 });
const detector = await openDetector(model);
const stop = new AbortController();
const rows: (string | number)[][] = [];
let closed = 0;
const stats = new StatsTelemetry({ emit: count });
let enough: () => void = () => undefined;
const done = new Promise<void>((resolve) => {
  enough = resolve;
});

function count(event: InternalEvent): void {
  if (event.type !== 'source-closed') return;
  closed += 1;
  if (closed % Math.ceil(restarts / ROWS) === 0) note();
  if (closed >= restarts) enough();
}

function note(): void {
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  rows.push([
    closed,
    mib(rss),
    mib(heapUsed),
    mib(external),
    openDescriptors(),
    children().length,
    zombies().length,
  ]);
}

async function watch(): Promise<void> {
  const bus = new MemoryBus({ telemetry: stats });
  const { signal } = stop;
  const streams = Array.from({ length: Number(streamsText) }, (_, i) => {
    const spec = { streamId: String(i), url: relay.url('live/x') };
    const sleep = async () => void (await delay(5));
    return superviseStream(createSource(spec, { ffmpeg }), { spec, bus, telemetry: stats, signal, sleep });
  });
  await Promise.all([
    Promise.all(streams).then(() => bus.end(topics.frames)),
    runInference({ bus, detector, telemetry: stats }),
    runSmoothing({ bus, telemetry: stats, parameters: { brands: detector.model.labels.length } }),
    runSinks({ bus, sinks: [], telemetry: stats, signal: new AbortController().signal }),
  ]);
  await bus.close();
}

try {
  await relay.published('live/x', 40);
  const started = performance.now();
  const watching = watch();
  await Promise.race([done, watching]);
  stop.abort();
  await watching;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const head = [
    'restarts',
    'resident (MiB)',
    'heap (MiB)',
    'external (MiB)',
    'descriptors',
    'children',
    'zombies',
  ];
  process.stdout.write(
    `${table([head, ...rows])}\n\n${seconds} s, ${stats.stats.inferred} frames; at the end ${children().length} child (the publisher), ${zombies().length} zombies.\n`,
  );
} finally {
  await publisher.kill();
  await relay.stop();
  await detector.close();
}
