import type { Outgoing } from '../bus/bus.js';
import { MemoryBus } from '../bus/memory.js';
import { topics } from '../bus/topics.js';
import type { Appearance } from '../core/appearance.js';
import type { Detector } from '../infer/detector.js';
import { runInference, runSmoothing } from '../infer/flow.js';
import type { SmoothingParameters } from '../infer/smooth/parameters.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { ReplayOutput } from './output.js';

const RECORDS_MAX = 64;

export interface CourseOptions {
  readonly detector?: Detector | undefined;
  readonly parameters: Partial<SmoothingParameters>;
  readonly telemetry: Telemetry;
  readonly outputs: readonly ReplayOutput[];
  readonly write: (events: readonly Appearance[]) => Promise<void>;
}

/** The live stages on a bus of their own, from frames or from detections to appearances; nothing is dropped. */
export class Course {
  readonly #bus: MemoryBus;
  readonly #options: CourseOptions;
  readonly #closed = new AbortController();

  constructor(options: CourseOptions) {
    this.#options = options;
    this.#bus = new MemoryBus({ telemetry: options.telemetry });
  }

  /** Resolves when the stages have room for it. */
  send({ topic, records }: Outgoing): Promise<void> {
    return this.#bus.send(topic, records);
  }

  /** Nothing more is sent: what is there is worked off. */
  end(): Promise<void> {
    return this.#bus.end(this.#options.detector === undefined ? topics.detections : topics.frames);
  }

  /** Resolves when everything that was sent is written. */
  async run(): Promise<void> {
    const { detector, parameters, telemetry, outputs, write } = this.#options;
    const bus = this.#bus;
    const { signal } = this.#closed;
    const stages = [runSmoothing({ bus, telemetry, signal, parameters }), this.#writeEvents(write)];
    if (detector !== undefined) {
      const writers = outputs.filter((output) => output.writeDetections !== undefined);
      if (writers.length > 0) stages.push(this.#writeDetections(writers));
      stages.push(runInference({ bus, detector, telemetry, signal }));
    }
    await Promise.all(stages);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#bus.close();
  }

  async #writeEvents(write: CourseOptions['write']): Promise<void> {
    const { signal } = this.#closed;
    const options = { group: 'replay', maxRecords: RECORDS_MAX, signal };
    for await (const batch of this.#bus.subscribe(topics.appearances, options)) {
      await write(batch.records.map(({ value }) => value));
      await batch.commit();
    }
  }

  async #writeDetections(outputs: readonly ReplayOutput[]): Promise<void> {
    const { signal } = this.#closed;
    const options = { group: 'replay', maxRecords: RECORDS_MAX, signal };
    for await (const batch of this.#bus.subscribe(topics.detections, options)) {
      const records = batch.records.map(({ value }) => value);
      for (const output of outputs) await output.writeDetections?.(records);
      await batch.commit();
    }
  }
}
