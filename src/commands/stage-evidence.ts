import type { Bus } from '../bus/bus.js';
import { kafkaAccess } from '../bus/kafka/config.js';
import { TopicFollower } from '../bus/kafka/topic-follower.js';
import { TappedBus } from '../bus/tapped.js';
import { topics } from '../bus/topics.js';
import { openEvidence } from '../evidence/open.js';
import type { StageRun } from './stage-run.js';

export interface StageEvidence {
  /** The stage's bus, on which the frames are seen that it has looked at. */
  readonly bus: Bus;
  close(): Promise<void>;
}

/**
 * Evidence of a stage that looks at frames, among others that do: an appearance may be ended by another one, so each hears what is
 * committed of all of them, and keeps what it has frames of. Undefined without evidence in the config. Errors: as of openEvidence.
 */
export async function stageEvidence({
  bus,
  config,
  telemetry,
}: Pick<StageRun, 'bus' | 'config' | 'telemetry'>): Promise<StageEvidence | undefined> {
  const { kafka } = config.bus;
  if (config.evidence === undefined || kafka === undefined) return undefined;
  const { ffmpegPath } = config;
  const evidence = await openEvidence(config.evidence, telemetry, { ffmpegPath, shared: true });
  try {
    const { wire } = await kafkaAccess(kafka);
    const follower = await TopicFollower.open({
      ...{ access: bus.access, wire, topic: topics.appearances },
      onRecord: (event) => evidence.appearance(event),
    });
    const close = async () => {
      await Promise.all([follower.close(), evidence.close()]);
    };
    return { bus: new TappedBus(bus, evidence.see), close };
  } catch (error) {
    await evidence.close();
    throw error;
  }
}
