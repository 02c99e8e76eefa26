import type { FrameDetections } from '../core/detection.js';
import type { Frame } from '../core/frame.js';
import type { Batch, Bus, Outgoing, OutgoingRecord, SubscribeOptions, Topic } from './bus.js';
import { topics } from './topics.js';

/** A frame together with what was found in it. The pixels are lent: whoever needs them later holds on to the frame. */
export interface LookedAt {
  readonly frame: Frame;
  readonly found: FrameDetections;
}

/**
 * Lets somebody see the frames that the detector of this process has looked at, at the moment when both are at hand anyway: as
 * its batch is committed. A subscription of its own would hold frames back, and on Kafka carry all of them over the network again.
 */
export class TappedBus implements Bus {
  readonly #bus: Bus;
  readonly #see: (looked: LookedAt) => void;

  /** @param see is called in order of each stream; must not throw and not wait */
  constructor(bus: Bus, see: (looked: LookedAt) => void) {
    this.#bus = bus;
    this.#see = see;
  }

  send<T>(topic: Topic<T>, records: readonly OutgoingRecord<T>[]): Promise<void> {
    return this.#bus.send(topic, records);
  }

  subscribe<T>(topic: Topic<T>, options: SubscribeOptions): AsyncIterable<Batch<T>> {
    const batches = this.#bus.subscribe(topic, options);
    return topic.name === topics.frames.name ? this.#tapped(batches) : batches;
  }

  end(topic: Topic<unknown>): Promise<void> {
    return this.#bus.end(topic);
  }

  close(): Promise<void> {
    return this.#bus.close();
  }

  async *#tapped<T>(batches: AsyncIterable<Batch<T>>): AsyncGenerator<Batch<T>> {
    for await (const batch of batches) {
      yield {
        records: batch.records,
        state: (key) => batch.state(key),
        commit: async (outputs) => {
          await batch.commit(outputs);
          this.#pair(batch.records, outputs ?? []);
        },
      };
    }
  }

  #pair(records: readonly OutgoingRecord<unknown>[], outputs: readonly Outgoing[]): void {
    const found = new Map<string, FrameDetections>();
    for (const { topic, records: published } of outputs) {
      if (topic.name !== topics.detections.name) continue;
      for (const { value } of published as readonly OutgoingRecord<FrameDetections>[])
        if (value.kind === 'detections') found.set(keyOf(value), value);
    }
    for (const { value } of records as readonly OutgoingRecord<Frame>[]) {
      const answer = value.kind === 'frame' ? found.get(keyOf(value)) : undefined;
      if (answer !== undefined && value.format === 'rgb24') this.#see({ frame: value, found: answer });
    }
  }
}

const keyOf = ({ streamId, session, seq }: Frame | FrameDetections): string =>
  `${streamId}\n${session}\n${seq}`;
