import { LogowatchError } from '../core/errors.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Batch, Bus, Outgoing, OutgoingRecord, SubscribeOptions, Topic } from './bus.js';
import { GroupQueue } from './group-queue.js';

export interface MemoryBusOptions {
  /**
   * Lossless records that may wait for each group of a topic: one number, or by topic name. An rgb24 frame is
   * about 0.7 MB at 640x360, so `frames` defaults to 16 and the others to 256.
   */
  readonly capacity?: number | Readonly<Record<string, number>>;
  /** Droppable records (live frames) that may wait for each key and group; default 24: two HLS segments of frames. */
  readonly keyShare?: number;
  /** A droppable record that waited longer gives way to newer ones of its key; milliseconds, default 500. */
  readonly waitMsMax?: number;
  /** Monotonic clock, milliseconds. */
  readonly now?: () => number;
  /**
   * Consumer groups by topic name. Groups are declared here or by `subscribe`. What is sent while a topic has no
   * group is kept, within the same bounds, for the first one; later ones see what is sent from then on.
   */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  /** Hears of every dropped record: `frames-dropped` with the key as stream and reason `bus-queue`, once a group. */
  readonly telemetry?: Telemetry;
}

const CAPACITY_DEFAULT = 256;
const CAPACITY_FRAMES_DEFAULT = 16;
const KEY_SHARE_DEFAULT = 24;
const WAIT_MS_DEFAULT = 500;

interface TopicState {
  readonly name: string;
  readonly groups: Map<string, GroupQueue>;
  /** Takes the records while there is no group. */
  backlog: GroupQueue | undefined;
  /** Publications waiting for room in this topic, in order. */
  readonly waiting: Set<Publication>;
  ended: boolean;
}

interface Publication {
  readonly parts: readonly {
    readonly topic: TopicState;
    readonly records: readonly OutgoingRecord<unknown>[];
  }[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The bus within one process: nothing is encoded, a publication is one synchronous step. Lossless records wait for
 * room; live frames replace older ones of their own key. An uncommitted batch is lost with its consumer.
 */
export class MemoryBus implements Bus {
  readonly #options: MemoryBusOptions;
  readonly #topics = new Map<string, TopicState>();
  readonly #consumers = new Set<GroupQueue>();
  #closed = false;

  constructor(options: MemoryBusOptions = {}) {
    this.#options = options;
    for (const [name, groups] of Object.entries(options.groups ?? {})) {
      for (const group of groups) this.#group(this.#topic(name), group);
    }
  }

  async send<T>(topic: Topic<T>, records: readonly OutgoingRecord<T>[]): Promise<void> {
    const chunk = Math.max(1, this.#capacity(topic.name));
    for (let i = 0; i < records.length; i += chunk) {
      await this.#publish([{ topic, records: records.slice(i, i + chunk) }]);
    }
  }

  /** The group exists from this call on, before the first batch is asked for. */
  subscribe<T>(topic: Topic<T>, options: SubscribeOptions): AsyncIterable<Batch<T>> {
    const state = this.#topic(topic.name);
    const queue = this.#group(state, options.group);
    if (this.#consumers.has(queue)) {
      throw new LogowatchError('internal', 'a group has one consumer in a process', {
        value: `${topic.name}/${options.group}`,
        remedy: 'Give the second consumer a group of its own',
      });
    }
    this.#consumers.add(queue);
    return this.#consume<T>(state, queue, options);
  }

  async end(topic: Topic<unknown>): Promise<void> {
    const state = this.#topic(topic.name);
    state.ended = true;
    for (const queue of state.groups.values()) queue.wake();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const state of this.#topics.values()) {
      for (const publication of state.waiting) publication.reject(closedError(state.name));
      state.waiting.clear();
      state.backlog = undefined;
      for (const queue of state.groups.values()) {
        queue.take(Number.POSITIVE_INFINITY);
        queue.wake();
      }
    }
  }

  async *#consume<T>(
    state: TopicState,
    queue: GroupQueue,
    options: SubscribeOptions,
  ): AsyncGenerator<Batch<T>> {
    const { signal, maxRecords } = options;
    const states = new Map<string, unknown>();
    const wake = () => queue.wake();
    signal?.addEventListener('abort', wake);
    try {
      while (!this.#closed && !signal?.aborted) {
        if (queue.size > 0) {
          const records = queue.take(Math.max(1, maxRecords)) as OutgoingRecord<T>[];
          this.#admitWaiting(state);
          yield {
            records,
            state: (key) => states.get(key),
            commit: (outputs = []) => this.#publish(keepStates(outputs, options.state, states)),
          };
        } else if (state.ended && state.waiting.size === 0) {
          return;
        } else {
          await queue.changed();
        }
      }
    } finally {
      signal?.removeEventListener('abort', wake);
      this.#consumers.delete(queue);
    }
  }

  /** All records of all outputs at once, as soon as each fits; in order with what waits already. */
  #publish(outputs: readonly Outgoing[]): Promise<void> {
    const parts = outputs.map(({ topic, records }) => ({ topic: this.#topic(topic.name), records }));
    const ended = parts.find(({ topic, records }) => records.length > 0 && (this.#closed || topic.ended));
    if (ended) return Promise.reject(closedError(ended.topic.name));
    return new Promise((resolve, reject) => {
      const publication: Publication = { parts, resolve, reject };
      if (this.#admit(publication)) return;
      for (const { topic } of parts) topic.waiting.add(publication);
    });
  }

  #admit(publication: Publication): boolean {
    for (const { topic, records } of publication.parts) {
      const lossless = records.reduce((n, record) => n + (record.droppable ? 0 : 1), 0);
      if (isBehind(publication, topic, records, lossless)) return false;
      for (const queue of queuesOf(topic)) if (!queue.hasRoom(lossless)) return false;
    }
    for (const { topic, records } of publication.parts) {
      for (const queue of queuesOf(topic)) for (const record of records) queue.push(record);
    }
    publication.resolve();
    return true;
  }

  #admitWaiting(state: TopicState): void {
    for (const publication of state.waiting) {
      if (!this.#admit(publication)) continue;
      for (const { topic } of publication.parts) {
        topic.waiting.delete(publication);
        // A consumer that drained an ended topic may wait for exactly this publication to go through.
        for (const queue of topic.groups.values()) queue.wake();
      }
    }
  }

  #topic(name: string): TopicState {
    let state = this.#topics.get(name);
    if (state === undefined) {
      state = { name, groups: new Map(), backlog: this.#queue(name), waiting: new Set(), ended: false };
      this.#topics.set(name, state);
    }
    return state;
  }

  #group(state: TopicState, name: string): GroupQueue {
    let queue = state.groups.get(name);
    if (queue === undefined) {
      queue = state.backlog ?? this.#queue(state.name);
      state.backlog = undefined;
      state.groups.set(name, queue);
    }
    return queue;
  }

  #queue(topic: string): GroupQueue {
    const {
      keyShare = KEY_SHARE_DEFAULT,
      waitMsMax = WAIT_MS_DEFAULT,
      now = () => performance.now(),
    } = this.#options;
    const drop = (key: string) =>
      this.#options.telemetry?.emit({ type: 'frames-dropped', streamId: key, count: 1, reason: 'bus-queue' });
    const limits = { capacity: this.#capacity(topic), keyShare: Math.max(1, keyShare), waitMsMax, now };
    return new GroupQueue(limits, drop);
  }

  #capacity(topic: string): number {
    const { capacity } = this.#options;
    if (typeof capacity === 'number') return capacity;
    return capacity?.[topic] ?? (topic === 'frames' ? CAPACITY_FRAMES_DEFAULT : CAPACITY_DEFAULT);
  }
}

/** States stay with their reader, which dies with the process; the other outputs are returned. */
function keepStates(
  outputs: readonly Outgoing[],
  topic: Topic<unknown> | undefined,
  states: Map<string, unknown>,
): readonly Outgoing[] {
  for (const { key, value } of outputs.filter((o) => o.topic.name === topic?.name).flatMap((o) => o.records))
    if (value === null) states.delete(key);
    else states.set(key, value);
  return outputs.filter((o) => o.topic.name !== topic?.name);
}

function queuesOf(topic: TopicState): Iterable<GroupQueue> {
  return topic.backlog === undefined ? topic.groups.values() : [topic.backlog];
}

/** Lossless records queue up strictly; live frames pass those who wait, unless an earlier one has their key. */
function isBehind(
  publication: Publication,
  topic: TopicState,
  records: readonly OutgoingRecord<unknown>[],
  lossless: number,
): boolean {
  for (const earlier of topic.waiting) {
    if (earlier === publication) return false;
    if (lossless > 0) return true;
    const keys = earlier.parts.filter((part) => part.topic === topic).flatMap((part) => part.records);
    if (keys.some(({ key }) => records.some((record) => record.key === key))) return true;
  }
  return false;
}

function closedError(topic: string): LogowatchError {
  return new LogowatchError('bus-closed', 'the topic takes no more records', {
    value: topic,
    remedy: 'Send before the topic is ended or the bus closed',
  });
}
