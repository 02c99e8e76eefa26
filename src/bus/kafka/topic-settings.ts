import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, ITopicConfig } from 'kafkajs';
import { orRefusal } from './refusal.js';
import { MESSAGE_BYTES_MAX } from './settings.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** What a topic of a name is made with. Frames are large and soon old; events are few and kept. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  frames: {
    'retention.ms': String(10 * MINUTE),
    'segment.ms': String(2 * MINUTE),
    'compression.type': 'producer',
  },
  detections: { 'retention.ms': String(7 * DAY) },
  appearances: { 'retention.ms': String(365 * DAY) },
  states: { 'cleanup.policy': 'compact', 'segment.ms': String(10 * MINUTE) },
  streams: { 'cleanup.policy': 'compact', 'segment.ms': String(60 * MINUTE) },
  'stream-status': {
    'cleanup.policy': 'compact,delete',
    'retention.ms': String(60 * MINUTE),
    'segment.ms': String(10 * MINUTE),
  },
  'dead-letters': { 'retention.ms': String(30 * DAY) },
};

const THERE_MS_MAX = 15_000;
/** kafkajs waits for leaders, but takes a broker that has not heard of a new topic yet for one that never will. */
const NOT_YET = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'];

/** What a topic is made with, all of it. */
export function topicSettings(name: string): Readonly<Record<string, string>> {
  return { 'max.message.bytes': String(MESSAGE_BYTES_MAX), ...SETTINGS[name] };
}

export interface TopicNeeds {
  readonly prefix: string;
  readonly partitions: number;
  readonly replicas: number | undefined;
}

/** Creates those topics that are missing; what is there stays as its owner has set it. */
export async function createTopics(
  admin: Admin,
  names: readonly string[],
  { prefix, partitions, replicas }: TopicNeeds,
): Promise<void> {
  const there = new Set(await admin.listTopics());
  const topics = names
    .filter((name) => !there.has(prefix + name))
    .map(
      (name): ITopicConfig => ({
        topic: prefix + name,
        numPartitions: partitions,
        replicationFactor: replicas ?? -1,
        configEntries: Object.entries(topicSettings(name)).map(([key, value]) => ({ name: key, value })),
      }),
    );
  // Another process may have been quicker: kafkajs takes that for done.
  const missing = topics.map(({ topic }) => topic);
  if (topics.length > 0)
    await admin.createTopics({ topics, waitForLeaders: false }).catch(orRefusal({ topics: missing }));
  await untilThere(
    admin,
    names.map((name) => prefix + name),
  );
}

/** Whoever created them, brokers need a moment until each partition has a leader. */
async function untilThere(admin: Admin, topics: string[]): Promise<void> {
  const deadline = performance.now() + THERE_MS_MAX;
  for (;;) {
    try {
      const found = await admin.fetchTopicMetadata({ topics });
      if (found.topics.every((t) => t.partitions.length > 0 && t.partitions.every((p) => p.leader >= 0)))
        return;
    } catch (error) {
      if (!NOT_YET.includes((error as { type?: string }).type ?? '') || performance.now() > deadline)
        throw error;
    }
    if (performance.now() > deadline) throw new Error(`no leader for ${topics.join(', ')}`);
    await sleep(50);
  }
}
