import { Command } from 'commander';
import {
  type Config,
  loadConfig,
  parseConfig,
  redactConfig,
  type SinkConfig,
  type StreamConfig,
} from '../config.js';
import { LogowatchError } from '../core/errors.js';
import { redact } from '../core/redact.js';
import type { Evidence } from '../evidence/evidence.js';
import { openEvidence } from '../evidence/open.js';
import { openDetector } from '../infer/workers/pool.js';
import { runPipeline } from '../pipeline.js';
import { openTracer } from '../telemetry/open-tracer.js';
import { type OpsServer, startOps } from '../telemetry/ops-server.js';
import { type RunStats, StatsTelemetry } from '../telemetry/stats.js';
import { PinoTelemetry } from '../telemetry/telemetry.js';
import { LISTEN_DEFAULT } from '../web/config.js';
import { evidenceSectionOf } from './evidence-option.js';
import { exitCodeOf, leaveSoon, ProgressLine, printError, stopOnSignals } from './io.js';
import { LocalStreams } from './local-streams.js';
import { engineOption, positiveNumber, threadsOption } from './options.js';
import { ConfigReload } from './reload.js';
import { storeSectionOf } from './store-option.js';
import { streamApi } from './stream-api.js';
import { definedOnly, modelOf, reportFailures } from './watch-config.js';
import { busAndSinks, openPage, type Page, takesStreams } from './web.js';

interface WatchOptions {
  config?: string;
  model?: string;
  events?: string;
  store?: string | true;
  evidence?: string | true;
  json?: boolean;
  fps?: number;
  engine?: Config['engine'];
  threads?: number;
  duration?: number;
  rtspTransport?: 'tcp' | 'udp';
  ffmpeg?: string;
  logLevel?: Config['logLevel'];
  quiet?: boolean;
  web?: string | true;
  printConfig?: boolean;
}

export function watchCommand(): Command {
  return new Command('watch')
    .description('Watch streams or files and tell which logos appear from when to when')
    .argument(
      '[sources...]',
      'RTSP, HLS, RTMP, SRT or UDP addresses, video files, pictures, folders of pictures',
    )
    .option('-c, --config <file>', 'YAML with streams, sinks and settings (docs/configuration.md)')
    .option('-m, --model <folder>', 'model that `train` or `wrap` made (default: the demo model)')
    .option('-e, --events <file>', 'append every event as a line of JSON')
    .option(
      '-s, --store [where]',
      'keep every appearance in a database: postgres://... or a folder (docs/store.md)',
    )
    .option('--evidence [folder]', 'keep pictures of every appearance for a while (docs/evidence.md)')
    .option('--json', 'events as lines of JSON on stdout')
    .option('--fps <n>', 'frames sampled a second (default 5)', positiveNumber)
    .option('--web [host:port]', `show it on a page (default ${LISTEN_DEFAULT}; docs/web.md)`)
    .option('--duration <seconds>', 'stop after so long', positiveNumber)
    .option('--rtsp-transport <name>', 'tcp or udp (default tcp)')
    .option('--ffmpeg <path>', 'the ffmpeg to use')
    .addOption(engineOption())
    .addOption(threadsOption())
    .option('--log-level <level>', 'debug, info, warn, error or silent: JSON lines on stderr (default warn)')
    .option('-q, --quiet', 'no progress line, no closing line')
    .option('--print-config', 'show the config as understood, without secrets, and exit')
    .addHelpText(
      'after',
      `
Examples:
  logowatch watch rtsp://camera.example/live --model my-model
  logowatch watch https://tv.example/live.m3u8 --model my-model --events out/events.jsonl
  logowatch watch match.mp4 --model my-model --json
  logowatch watch rtsp://camera.example/live --model my-model --web
  CAM_PASSWORD=... logowatch watch -c logowatch.yaml`,
    )
    .action(run);
}

async function run(sources: string[], options: WatchOptions): Promise<void> {
  const config = await effectiveConfig(sources, options);
  if (options.printConfig) {
    process.stdout.write(`${JSON.stringify(redactConfig(config), null, 2)}\n`);
    return;
  }
  if (config.streams.length === 0 && !takesStreams(config)) {
    throw new LogowatchError('usage', 'Nothing to watch', {
      remedy: 'Name an address or a file, or -c FILE with streams',
    });
  }
  const pino = new PinoTelemetry(config.logLevel);
  const tracer = await openTracer(config.tracing, pino);
  const telemetry = new StatsTelemetry(pino, tracer);
  const { signal, release } = stopOnSignals();
  const limit = options.duration === undefined ? undefined : AbortSignal.timeout(options.duration * 1000);
  const streams = new LocalStreams(config, telemetry);
  const said = () => progressText(telemetry.stats, streams.size);
  const progress = options.quiet ? undefined : new ProgressLine(said);
  const reload =
    options.config === undefined
      ? undefined
      : new ConfigReload({
          path: options.config,
          telemetry,
          load: async () => streams.use(await effectiveConfig(sources, options)),
        });
  let loaded = false;
  let labels: readonly string[] = [];
  let ops: OpsServer | undefined;
  let page: Page | undefined;
  let evidence: Evidence | undefined;
  try {
    const checks = () => ({ model: loaded });
    const api = await streamApi(config, streams.control, streams.board.node, reload);
    ops = config.ops && (await startOps({ ...config.ops, registry: pino.registry, checks, ...api }));
    evidence = config.evidence && (await openEvidence(config.evidence, telemetry));
    page =
      config.web &&
      (await openPage({
        config: config.web,
        streams,
        telemetry,
        labels: () => labels,
        reload,
        store: config.store,
        exposure: config.exposure,
        evidence,
      }));
    if (page !== undefined && !options.quiet) process.stderr.write(`logowatch: page on ${page.server.url}\n`);
    const detector = await openDetector(modelOf(config), config);
    labels = detector.model.labels;
    loaded = true;
    try {
      const { failures } = await runPipeline({
        streams: [],
        onStreams: async (set) => {
          await streams.run(set);
          return takesStreams(config);
        },
        detector,
        smoothing: definedOnly(config.smoothing),
        ...(await busAndSinks(config, telemetry, { page, evidence }, progress)),
        signal: limit === undefined ? signal : AbortSignal.any([signal, limit]),
      });
      progress?.close();
      reportFailures(failures);
      if (!options.quiet) process.stderr.write(`${said()}\n`);
    } finally {
      await detector.close();
    }
  } catch (error) {
    progress?.close();
    printError(error);
    process.exitCode = exitCodeOf(error);
  } finally {
    progress?.close();
    reload?.close();
    await tracer?.close();
    await page?.server.close();
    await evidence?.close();
    await ops?.close();
    if (config.bus.kafka !== undefined) leaveSoon();
    release();
  }
}

/** The file's settings, overridden by the command line's. */
async function effectiveConfig(sources: readonly string[], options: WatchOptions): Promise<Config> {
  const base = options.config === undefined ? parseConfig({}) : await loadConfig(options.config);
  const override: Partial<StreamConfig> = definedOnly({
    fps: options.fps,
    rtspTransport: options.rtspTransport,
  });
  const given = sources.map((url, i) => ({ id: uniqueId(sources, i), url }));
  const streams = [...base.streams, ...given].map((s) => ({ ...base.defaults, ...s, ...override }));
  const sinks: SinkConfig[] = [...base.sinks];
  if (options.events !== undefined) sinks.push({ type: 'jsonl', path: options.events });
  if (!sinks.some((s) => s.type === 'stdout'))
    sinks.push({ type: 'stdout', format: options.json ? 'json' : 'human' });
  return parseConfig(
    {
      ...base,
      ...definedOnly({
        model: options.model,
        engine: options.engine,
        threads: options.threads,
        ffmpegPath: options.ffmpeg,
        logLevel: options.logLevel,
        store: storeSectionOf(options.store, base.store),
        evidence: evidenceSectionOf(options.evidence, base.evidence),
      }),
      ...(options.web !== undefined && {
        web: { ...base.web, ...(typeof options.web === 'string' && { listen: options.web }) },
      }),
      streams,
      sinks,
    },
    'the command line',
  );
}

/** A short id from an address or path, without its credentials; numbered where two are alike. */
function uniqueId(sources: readonly string[], index: number): string {
  const base = (url: string): string => {
    const bare = redact(url)
      .replace(/^[a-z]+:\/\//i, '')
      .replace(/^.*@/, '')
      .replace(/[?#].*$/, '');
    const name = /^[a-z]+:\/\//i.test(url) ? bare : (bare.split(/[\\/]/).pop() ?? bare).replace(/\.\w+$/, '');
    return (
      name
        .replace(/[^\w.-]+/g, '-')
        .replace(/^-+|-+$/g, '')
        .slice(0, 56) || 'stream'
    );
  };
  const mine = base(sources[index] ?? '');
  const before = sources.slice(0, index).filter((s) => base(s) === mine).length;
  return before === 0 ? mine : `${mine}-${before + 1}`;
}

function progressText(stats: RunStats, count: number): string {
  const dropped = Object.values(stats.dropped).reduce((a, b) => a + b, 0);
  const age =
    stats.ageP95Ms === null
      ? ''
      : `, frame age p50 ${stats.ageP50Ms?.toFixed(0)} ms p95 ${stats.ageP95Ms.toFixed(0)} ms`;
  const streams = `${count} stream${count === 1 ? '' : 's'}`;
  return `${streams}: ${stats.inferred} frames watched, ${dropped} dropped, ${stats.retries} reconnections${age}`;
}
