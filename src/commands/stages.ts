import { Command } from 'commander';
import type { Bus } from '../bus/bus.js';
import { openKafka } from '../bus/kafka/config.js';
import type { KafkaBus } from '../bus/kafka/kafka-bus.js';
import { type Config, loadConfig } from '../config.js';
import { LogowatchError } from '../core/errors.js';
import { createDetector } from '../infer/network-detector.js';
import { runInferStages, runIngestStage } from '../pipeline.js';
import { createSinks } from '../sink/create.js';
import { runSinks } from '../sink/run.js';
import { startOps } from '../telemetry/ops-server.js';
import { StatsTelemetry } from '../telemetry/stats.js';
import { PinoTelemetry } from '../telemetry/telemetry.js';
import { exitCodeOf, leaveSoon, printError, stopOnSignals } from './io.js';
import { definedOnly, engineOptions, modelOf, reportFailures, sourceSpec } from './watch-config.js';

interface StageRun {
  readonly bus: Bus;
  readonly config: Config;
  readonly telemetry: StatsTelemetry;
  /** Aborts at the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** To be called once everything is loaded. */
  readonly onWork: () => void;
}

/** After a graceful stop; the whole is promised within 10 s. */
const DRAIN_MS = 3_000;

const KAFKA_HELP = `
The stages are joined by the Kafka of bus.kafka in the config, which all of them share (docs/kafka.md). Each may run as
often as you like: partitions are spread over the processes, and taken over when one dies.
`;

export function ingestCommand(): Command {
  return stage('ingest', 'Pull the streams of a config and put their frames on Kafka', ingest);
}

export function inferCommand(): Command {
  return stage('infer', 'Find logos in the frames on Kafka, and tell when they appear', infer);
}

export function sinkCommand(): Command {
  return stage('sink', 'Carry the appearances on Kafka to the sinks of a config', sink);
}

function stage(name: string, description: string, run: (stage: StageRun) => Promise<void>): Command {
  return new Command(name)
    .description(description)
    .requiredOption('-c, --config <file>', 'YAML with bus.kafka (docs/configuration.md)')
    .addHelpText('after', `${KAFKA_HELP}\nExample:\n  KAFKA_PASSWORD=... logowatch ${name} -c logowatch.yaml`)
    .action(({ config }: { config: string }) => runStage(config, run));
}

async function runStage(path: string, run: (stage: StageRun) => Promise<void>): Promise<void> {
  const { signal, release } = stopOnSignals();
  try {
    const config = await loadConfig(path);
    const { kafka } = config.bus;
    if (kafka === undefined)
      throw new LogowatchError('config-invalid', 'A stage of its own needs a bus between processes', {
        value: path,
        remedy: 'Add bus.kafka with brokers, or use `logowatch watch` for all stages in one process',
      });
    const pino = new PinoTelemetry(config.logLevel);
    const telemetry = new StatsTelemetry(pino);
    const state: { bus?: KafkaBus; working: boolean } = { working: false };
    const checks = () => ({ started: state.working, bus: state.bus?.ready ?? false });
    const ops = config.ops && (await startOps({ ...config.ops, registry: pino.registry, checks }));
    try {
      const bus = await openKafka(kafka, telemetry);
      state.bus = bus;
      // A cluster that is away takes nothing any more: what is not with it then is left, and read again by the next.
      const leave = () => setTimeout(() => void bus.close(), DRAIN_MS).unref();
      signal.addEventListener('abort', leave, { once: true });
      const onWork = () => {
        state.working = true;
      };
      await run({ bus, config, telemetry, signal, onWork });
    } finally {
      await state.bus?.close();
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

async function ingest({ bus, config, telemetry, signal, onWork }: StageRun): Promise<void> {
  if (config.streams.length === 0)
    throw new LogowatchError('config-invalid', 'Nothing to watch', { remedy: 'Add streams to the config' });
  const streams = config.streams.map((s) => sourceSpec(s, config));
  onWork();
  reportFailures(await runIngestStage({ streams, bus, telemetry, signal }));
}

async function infer({ bus, config, telemetry, signal, onWork }: StageRun): Promise<void> {
  const detector = await createDetector(modelOf(config), engineOptions(config));
  try {
    const smoothing = definedOnly(config.smoothing);
    onWork();
    await runInferStages({ bus, detector, telemetry, signal, smoothing });
  } finally {
    await detector.close();
  }
}

async function sink({ bus, config, telemetry, signal, onWork }: StageRun): Promise<void> {
  if (config.sinks.length === 0)
    throw new LogowatchError('config-invalid', 'There is no sink to carry appearances to', {
      remedy: 'Add sinks to the config',
    });
  const sinks = await createSinks(config.sinks, { telemetry });
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
