import { Command, Option } from 'commander';
import type { KafkaSection } from '../bus/kafka/config.js';
import type { TimeRange } from '../bus/kafka/range.js';
import { TopicReader } from '../bus/kafka/topic-reader.js';
import { topics } from '../bus/topics.js';
import { type Config, loadConfig } from '../config.js';
import { LogowatchError } from '../core/errors.js';
import { readTemporalInfo } from '../infer/model/brands.js';
import { smoothingFor } from '../infer/model/onset.js';
import { openDetector } from '../infer/workers/pool.js';
import { type ReplayOptions, type ReplayResult, replay } from '../replay/replay.js';
import { PinoTelemetry } from '../telemetry/telemetry.js';
import { differenceTable } from './exposure-text.js';
import { leaveSoon, stopOnSignals } from './io.js';
import { engineOption, threadsOption } from './options.js';
import { PhaseBars } from './phase-bars.js';
import { smoothingOf, timeOf, timeRange } from './replay-options.js';
import { openOutputs } from './replay-outputs.js';
import { definedOnly, modelOf } from './watch-config.js';

interface ReplayCommandOptions {
  config: string;
  from: number;
  to?: number;
  stream?: string[];
  model?: string;
  smoothing?: string[];
  against?: 'live' | 'config';
  output?: string;
  toTopics?: string;
  json?: boolean;
  engine?: Config['engine'];
  threads?: number;
}

export function replayCommand(): Command {
  return new Command('replay')
    .description('Play what Kafka holds of a time through another model or other settings, and compare')
    .requiredOption('-c, --config <file>', 'YAML with bus.kafka (docs/configuration.md)')
    .requiredOption('--from <time>', 'ISO 8601, or back from now: -2h, -90m', (text) => timeOf(text))
    .option('--to <time>', 'likewise (default: now)', (text) => timeOf(text))
    .option('--stream <ids...>', 'only these streams')
    .option('-m, --model <folder>', 'look at the frames again, with this model')
    .option(
      '--smoothing <settings...>',
      'key=value of the config’s section smoothing, or a YAML file with such; without --model the detections are taken as they are',
    )
    .addOption(
      new Option(
        '--against <side>',
        'compare with what was live, or with the config’s own settings (default: live, where anything was)',
      ).choices(['live', 'config']),
    )
    .option('-o, --output <file>', 'write the events as lines of JSON; the file must be new')
    .option('--to-topics <name>', 'write to topics of their own: <prefix><name>.appearances')
    .option('--json', 'print the comparison as one JSON document')
    .addOption(engineOption())
    .addOption(threadsOption())
    .addHelpText(
      'after',
      `
Examples:
  logowatch replay -c logowatch.yaml --from -2h --smoothing minFrames=5 gapMs=2000
  logowatch replay -c logowatch.yaml --from -10m --model new-model -o trial.jsonl
  logowatch replay -c logowatch.yaml --from 2026-01-31T20:00Z --to 2026-01-31T22:00Z --stream news --smoothing trial.yaml --to-topics trial

The live topics and their readers are left as they are. docs/replay.md says what is compared.`,
    )
    .action(run);
}

async function run(options: ReplayCommandOptions): Promise<void> {
  const range = timeRange(options.from, options.to ?? Date.now());
  if (options.model === undefined && options.smoothing === undefined)
    throw new LogowatchError('usage', 'Nothing is to be different', {
      remedy:
        'Give --model, to look at the frames again, or --smoothing, to try other settings on the detections',
    });
  if (options.model !== undefined && options.against === 'config')
    throw new LogowatchError('usage', 'Frames are compared with what was live', {
      value: '--against config',
      remedy: 'Leave --against out, or --model',
    });
  const live = await loadConfig(options.config);
  const { kafka } = live.bus;
  if (kafka === undefined)
    throw new LogowatchError('config-invalid', 'There is nothing to replay without a bus that keeps it', {
      value: options.config,
      remedy: 'Name the config with bus.kafka that the stages run with',
    });
  const trial = { ...live.smoothing, ...(await smoothingOf(options.smoothing ?? [])) };
  const config = { ...live, ...definedOnly({ engine: options.engine, threads: options.threads }) };
  const { signal, release } = stopOnSignals();
  const bars = new PhaseBars({ replay: 'replaying', live: 'reading what was live' });
  try {
    const common = {
      range,
      signal,
      streams: options.stream && new Set(options.stream),
      telemetry: new PinoTelemetry(live.logLevel),
      onProgress: (phase: 'replay' | 'live', done: number, total: number) =>
        bars.update({ phase, done, total }),
    };
    const { model } = options;
    const answer =
      model === undefined
        ? await replayDetections(options, { config, kafka, trial, common })
        : await replayFrames(options, { config: { ...config, model }, kafka, trial, common });
    bars.stop();
    print(options, range, answer);
  } finally {
    bars.stop();
    leaveSoon();
    release();
  }
}

type Answer = ReplayResult & { readonly against: 'live' | 'config' };

interface Setting {
  readonly config: Config;
  readonly kafka: KafkaSection;
  readonly trial: Config['smoothing'];
  readonly common: Pick<ReplayOptions, 'range' | 'streams' | 'telemetry' | 'signal' | 'onProgress'>;
}

async function replayFrames(options: ReplayCommandOptions, setting: Setting): Promise<Answer> {
  const { config, trial } = setting;
  const detector = await openDetector(modelOf(config), config);
  try {
    const parameters = smoothingFor(detector.model, definedOnly(trial));
    return await onKafka(options, setting, { detector, parameters, against: () => 'live' });
  } finally {
    await detector.close();
  }
}

async function replayDetections(options: ReplayCommandOptions, setting: Setting): Promise<Answer> {
  const { config, trial } = setting;
  const folder = modelOf(config);
  const model = await readTemporalInfo(folder);
  const answer = await onKafka(options, setting, {
    parameters: smoothingFor(model, definedOnly(trial)),
    against: (wasLive) =>
      (options.against ?? (wasLive ? 'live' : 'config')) === 'live'
        ? 'live'
        : smoothingFor(model, definedOnly(config.smoothing)),
  });
  if (answer.modelHashes.some((hash) => hash !== model.hash))
    note(`some detections were made by another model than ${folder}, whose thresholds were used for all`);
  return answer;
}

type Side = Pick<ReplayOptions, 'detector' | 'parameters'> & {
  /** @param wasLive whether there are live appearances of the range at all */
  readonly against: (wasLive: boolean) => ReplayOptions['against'];
};

async function onKafka(
  { output, toTopics }: ReplayCommandOptions,
  { kafka, common }: Setting,
  side: Side,
): Promise<Answer> {
  const reader = await TopicReader.open(kafka, common.telemetry);
  try {
    const since = { fromMs: common.range.fromMs, toMs: Number.MAX_SAFE_INTEGER };
    const against = side.against(await reader.holds(topics.appearances, since));
    const places = { file: output, topics: toTopics, withDetections: side.detector !== undefined };
    const outputs = await openOutputs(places, kafka, common.telemetry);
    try {
      const result = await replay({ ...common, ...side, against, reader, outputs: outputs.all });
      return { ...result, against: against === 'live' ? against : 'config' };
    } finally {
      await outputs.close();
    }
  } finally {
    await reader.close();
  }
}

function print({ json, output, toTopics }: ReplayCommandOptions, range: TimeRange, answer: Answer): void {
  const { records, rejected, streams, cut, difference, against } = answer;
  if (json) {
    const [from, to] = [range.fromMs, range.toMs].map((ms) => new Date(ms).toISOString());
    process.stdout.write(`${JSON.stringify({ range: { from, to }, ...answer })}\n`);
    return;
  }
  process.stdout.write(`${differenceTable(difference)}\n`);
  const other = against === 'live' ? 'what was live' : 'the config’s settings';
  note(`${records} records of ${streams.join(', ')}; before: ${other}, after: the replay`);
  if (rejected > 0) note(`${rejected} messages could not be read and are left out`);
  if (cut) note('the range begins with the oldest records that Kafka still has: what was before is gone');
  if (output !== undefined) note(`events: ${output}`);
  if (toTopics !== undefined) note(`events: topic ${toTopics}.appearances behind the prefix`);
}

const note = (text: string): void => void process.stderr.write(`logowatch: ${text}\n`);
