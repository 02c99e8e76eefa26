import { stat } from 'node:fs/promises';
import type { KafkaSection } from '../bus/kafka/config.js';
import { SideTopics } from '../bus/kafka/side-topics.js';
import { topics } from '../bus/topics.js';
import { LogowatchError } from '../core/errors.js';
import type { ReplayOutput } from '../replay/output.js';
import { createSinks } from '../sink/create.js';
import type { Telemetry } from '../telemetry/telemetry.js';

interface Outputs {
  readonly all: readonly ReplayOutput[];
  close(): Promise<void>;
}

interface Places {
  readonly file: string | undefined;
  /** The name of the side topics. */
  readonly topics: string | undefined;
  readonly withDetections: boolean;
}

/** Errors: usage where a place holds events already, those of a sink, bus-failed. */
export async function openOutputs(
  { file, topics: name, withDetections }: Places,
  kafka: KafkaSection,
  telemetry: Telemetry,
): Promise<Outputs> {
  if (file !== undefined) await refuseExisting(file);
  if (name !== undefined && !/^[\w-]{1,64}$/.test(name))
    throw new LogowatchError('usage', '--to-topics wants a name', {
      value: name,
      remedy: 'Use up to 64 letters, digits, dashes and underscores',
    });
  const side = name === undefined ? undefined : await openSide(name, withDetections, kafka, telemetry);
  try {
    const sinks =
      file === undefined
        ? []
        : await createSinks([{ type: 'jsonl', path: file, sync: 'close' }], { telemetry });
    const all: ReplayOutput[] = [...sinks];
    if (side !== undefined) all.push(sideOutput(side, withDetections));
    const close = async () => {
      for (const sink of sinks) await sink.close();
      await side?.close();
    };
    return { all, close };
  } catch (error) {
    await side?.close();
    throw error;
  }
}

/** Events of two replays have the same ids: they would be taken for revisions of each other. */
async function refuseExisting(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true || found.size === 0) return;
  throw new LogowatchError('usage', 'The file of events is there already', {
    value: file,
    remedy: 'Name another file with -o, or remove this one',
  });
}

function openSide(name: string, withDetections: boolean, kafka: KafkaSection, telemetry: Telemetry) {
  const all = withDetections ? [topics.detections, topics.appearances] : [topics.appearances];
  return SideTopics.open(kafka, { name, topics: all.map((topic) => topic.name), telemetry });
}

function sideOutput(side: SideTopics, withDetections: boolean): ReplayOutput {
  return {
    write: (events) =>
      side.send(
        topics.appearances,
        events.map((value) => ({ key: value.streamId, value })),
      ),
    ...(withDetections && {
      writeDetections: (records) =>
        side.send(
          topics.detections,
          records.map((value) => ({ key: value.streamId, value })),
        ),
    }),
  };
}
