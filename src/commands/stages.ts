import { Command } from 'commander';
import { openKafka, type TopicUse } from '../bus/kafka/config.js';
import type { KafkaBus } from '../bus/kafka/kafka-bus.js';
import { FLEET_TOPICS, topics } from '../bus/topics.js';
import { loadConfigFile } from '../config.js';
import { LogowatchError } from '../core/errors.js';
import { openDetector } from '../infer/workers/pool.js';
import { runInferStages } from '../pipeline.js';
import { createSinks } from '../sink/create.js';
import { runSinks } from '../sink/run.js';
import { openTracer } from '../telemetry/open-tracer.js';
import { startOps } from '../telemetry/ops-server.js';
import { StatsTelemetry } from '../telemetry/stats.js';
import { PinoTelemetry } from '../telemetry/telemetry.js';
import { runIngest } from './ingest.js';
import { exitCodeOf, leaveSoon, printError, stopOnSignals } from './io.js';
import type { StageOps, StageRun } from './stage-run.js';
import { definedOnly, modelOf, sinksOf } from './watch-config.js';

/** After a graceful stop; the whole is promised within 10 s. */
const DRAIN_MS = 3_000;

const KAFKA_HELP = `
The stages are joined by the Kafka of bus.kafka in the config, which all of them share (docs/kafka.md). Each may run as
often as you like: partitions are spread over the processes, and taken over when one dies.
`;

export function ingestCommand(): Command {
  const fleet = Object.values(FLEET_TOPICS).map((name) => ({ name }));
  return stage('ingest', 'Pull streams and put their frames on Kafka; nodes share them', runIngest, {
    topics: [topics.frames, ...fleet],
    publishOnly: true,
  });
}

export function inferCommand(): Command {
  return stage('infer', 'Find logos in the frames on Kafka, and tell when they appear', infer);
}

export function sinkCommand(): Command {
  return stage('sink', 'Carry the appearances on Kafka to the sinks of a config', sink, {
    topics: [topics.appearances],
  });
}

function stage(
  name: string,
  description: string,
  run: (stage: StageRun) => Promise<void>,
  use: TopicUse = {},
): Command {
  return new Command(name)
    .description(description)
    .requiredOption('-c, --config <file>', 'YAML with bus.kafka (docs/configuration.md)')
    .addHelpText('after', `${KAFKA_HELP}\nExample:\n  KAFKA_PASSWORD=... logowatch ${name} -c logowatch.yaml`)
    .action(({ config }: { config: string }) => runStage(config, run, use));
}

async function runStage(path: string, run: (stage: StageRun) => Promise<void>, use: TopicUse): Promise<void> {
  const { signal, release } = stopOnSignals();
  try {
    const file = { ...(await loadConfigFile(path)), path };
    const { config } = file;
    const { kafka } = config.bus;
    if (kafka === undefined)
      throw new LogowatchError('config-invalid', 'A stage of its own needs a bus between processes', {
        value: path,
        remedy: 'Add bus.kafka with brokers, or use `logowatch watch` for all stages in one process',
      });
    const pino = new PinoTelemetry(config.logLevel);
    const tracer = await openTracer(config.tracing, pino);
    const telemetry = new StatsTelemetry(pino, tracer);
    const state: { bus?: KafkaBus; working: boolean; ops?: StageOps } = { working: false };
    const checks = () => ({
      started: state.working,
      bus: state.bus?.ready ?? false,
      ...state.ops?.checks(),
    });
    const said = { checks, notes: () => state.ops?.notes() ?? {}, api: () => state.ops?.api() };
    const ops = config.ops && (await startOps({ ...config.ops, registry: pino.registry, ...said }));
    try {
      const bus = await openKafka(kafka, telemetry, use);
      state.bus = bus;
      // A cluster that is away takes nothing any more: what is not with it then is left, and read again by the next.
      const leave = () => setTimeout(() => void bus.close(), DRAIN_MS).unref();
      signal.addEventListener('abort', leave, { once: true });
      const onWork = () => {
        state.working = true;
      };
      const onOps = (own: StageOps) => {
        state.ops = own;
      };
      if (config.evidence !== undefined)
        telemetry.emit({
          type: 'warning',
          message: 'evidence in the config is for `watch`: this stage keeps none',
        });
      await run({ bus, config, file, telemetry, signal, onWork, onOps });
    } finally {
      await Promise.all([state.bus?.close(), tracer?.close()]);
      await ops?.close();
      leaveSoon();
    }
  } catch (error) {
    printError(error);
    process.exitCode = exitCodeOf(error);
  } finally {
    release();
  }
}

async function infer({ bus, config, telemetry, signal, onWork }: StageRun): Promise<void> {
  const detector = await openDetector(modelOf(config), config);
  try {
    const smoothing = definedOnly(config.smoothing);
    onWork();
    await runInferStages({ bus, detector, telemetry, signal, smoothing });
  } finally {
    await detector.close();
  }
}

async function sink({ bus, config, telemetry, signal, onWork }: StageRun): Promise<void> {
  if (sinksOf(config).length === 0)
    throw new LogowatchError('config-invalid', 'There is no sink to carry appearances to', {
      remedy: 'Add sinks or a store to the config',
    });
  const sinks = await createSinks(sinksOf(config), { telemetry });
  // A stop ends the reading at once, but a write under way has a moment: cut off, it would count as lost.
  const cut = new AbortController();
  const stop = () => {
    void bus.close();
    setTimeout(() => cut.abort(signal.reason), DRAIN_MS).unref();
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  onWork();
  await runSinks({ bus, sinks, telemetry, signal: cut.signal });
}
