import type { Batch, Bus, OutgoingRecord, Topic } from '../../src/bus/bus.js';
import { topics } from '../../src/bus/topics.js';
import type { Frame, FrameRecord, StreamFact } from '../../src/core/frame.js';

/** Keeps what is sent on `frames`, without the pixels; `gate` lets a test hold the sender back. */
export class RecordingBus implements Bus {
  readonly records: FrameRecord[] = [];
  readonly droppable: boolean[] = [];
  gate: (record: FrameRecord) => Promise<void> | undefined = () => undefined;

  async send<T>(topic: Topic<T>, records: readonly OutgoingRecord<T>[]): Promise<void> {
    if (topic.name !== topics.frames.name) throw new Error(`unexpected topic ${topic.name}`);
    for (const { value, droppable } of records as unknown as OutgoingRecord<FrameRecord>[]) {
      await this.gate(value);
      this.records.push(value.kind === 'frame' ? { ...value, data: new Uint8Array(0) } : value);
      this.droppable.push(droppable ?? false);
    }
  }

  get frames(): Frame[] {
    return this.records.filter((record) => record.kind === 'frame');
  }

  get facts(): StreamFact[] {
    return this.records.filter((record) => record.kind !== 'frame');
  }

  /** `session-opened frame frame gap:stalled session-closed:stalled ...`, runs of frames as one. */
  story(): string {
    const words = this.records.map((record) => {
      if (record.kind === 'gap') return `gap:${record.reason}`;
      if (record.kind === 'session-closed') return `closed:${record.reason}${record.final ? '!' : ''}`;
      return record.kind === 'frame' ? 'frames' : 'opened';
    });
    return words.filter((word, i) => word !== 'frames' || words[i - 1] !== 'frames').join(' ');
  }

  async *subscribe<T>(): AsyncIterable<Batch<T>> {}
  async end(): Promise<void> {}
  async close(): Promise<void> {}
}
