import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TopicReader } from '../../src/bus/kafka/topic-reader.js';
import { topics } from '../../src/bus/topics.js';
import type { Appearance } from '../../src/core/appearance.js';
import { useShippedFonts } from '../../src/core/fonts.js';
import { repoRoot } from '../../src/core/root.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { lastRevisions, type RunningCli, readEvents, startCli } from './cli.js';
import { npmFfmpeg } from './ffmpegs.js';
import { TestBroker } from './kafka.js';

export const model = join(repoRoot(), 'models', 'demo');
const SECONDS = 30;

/** What counts of an appearance, whatever session it was seen in. */
const shown = ({ label, startPtsMs, endPtsMs, exposureMs, state, revision }: Appearance) => ({
  label,
  startPtsMs,
  endPtsMs,
  exposureMs,
  state,
  revision,
});

export type Shown = ReturnType<typeof shown>;

/** The last revision of each appearance, in the order of media time. */
export const inOrder = (events: readonly Appearance[]): Shown[] =>
  lastRevisions(events)
    .map(shown)
    .sort((a, b) => a.startPtsMs - b.startPtsMs || (a.label < b.label ? -1 : 1));

/** The stages of one config, each in a process of its own. */
export interface Stages {
  start(
    stage: 'ingest' | 'infer' | 'sink',
    opsPort?: number,
    env?: Readonly<Record<string, string>>,
  ): RunningCli;
  /** What has reached the sink. */
  seen(): Appearance[];
  /** What is on the topic of appearances, as readers of committed records see it. */
  published(): Promise<Appearance[]>;
}

interface Cluster {
  readonly addresses: readonly string[];
  stop(): Promise<void>;
}

/** A cluster, a clip, and stages that are ended with it. */
export class KafkaStages<C extends Cluster = TestBroker> {
  readonly broker: C;
  readonly clip: string;
  readonly #folder: string;
  readonly #running: RunningCli[] = [];

  private constructor(broker: C, folder: string, clip: string) {
    this.broker = broker;
    this.#folder = folder;
    this.clip = clip;
  }

  static open(): Promise<KafkaStages> {
    return KafkaStages.on(() => TestBroker.start());
  }

  static async on<C extends Cluster>(start: () => Promise<C>): Promise<KafkaStages<C>> {
    useShippedFonts();
    const folder = mkdtempSync(join(tmpdir(), 'logowatch-kafka-e2e-'));
    const ffmpeg = await npmFfmpeg();
    const output = join(folder, 'clip.mp4');
    await composeBroadcast({ ffmpegPath: ffmpeg.path, seed: 5, seconds: SECONDS, output });
    return new KafkaStages(await start(), folder, output);
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** A corner of the cluster of its own. `source` instead of the clip, `sink` (YAML) instead of a file; `more` lines of config. */
  corner(
    name: string,
    {
      source = this.clip,
      sink,
      more = [],
    }: { source?: string; sink?: string; more?: readonly string[] } = {},
  ): Stages {
    const [config, events] = [this.path(`${name}.yaml`), this.path(`${name}.jsonl`)];
    writeFileSync(
      config,
      [
        `model: ${model}`,
        'ops: { port: "${OPS_PORT}" }',
        `bus: { kafka: { brokers: ${JSON.stringify(this.broker.addresses)}, prefix: ${name}., partitions: 3, sessionTimeoutMs: 6000 } }`,
        `streams: [{ id: clip, url: "${source}" }]`,
        `sinks: [${sink ?? `{ type: jsonl, path: "${events}" }`}]`,
        ...more,
      ].join('\n'),
    );
    return {
      start: (stage, opsPort = 0, env = {}) => {
        const cli = startCli([stage, '-c', config], { env: { OPS_PORT: String(opsPort), ...env } });
        this.#running.push(cli);
        return cli;
      },
      seen: () => (existsSync(events) ? readEvents(events) : []),
      published: () => this.#published(`${name}.`),
    };
  }

  async #published(prefix: string): Promise<Appearance[]> {
    const reader = await TopicReader.open(
      { brokers: [...this.broker.addresses], prefix },
      new RecordingTelemetry(),
    );
    try {
      const range = await reader.range(topics.appearances, { fromMs: 0, toMs: Date.now() + 60_000 });
      const found: Appearance[] = [];
      for await (const batch of reader.read(topics.appearances, range, { recordsMax: 64 }))
        found.push(...batch.values);
      return found;
    } finally {
      await reader.close();
    }
  }

  async close(): Promise<void> {
    for (const { child } of this.#running) child.kill('SIGKILL');
    await this.broker.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export const ended = (events: readonly Appearance[]): number =>
  events.filter((e) => e.state === 'ended').length;

/** True once something is new since `before` events, and an appearance is open. */
export const isOpenAndNew = (events: readonly Appearance[], before: number): boolean =>
  events.length > before && lastRevisions(events).some((e) => e.state !== 'ended');

/** What came of it is what comes without disturbance: exactly once on the topic, at least once in the sink. */
export async function assertUndisturbed(stages: Stages, undisturbed: readonly Shown[]): Promise<void> {
  const published = await stages.published();
  assert.deepEqual(inOrder(published), undisturbed);
  assertWhole(published);
  const seen = new Map(stages.seen().map((e) => [nameOf(e), e]));
  assert.deepEqual([...seen.keys()].sort(), published.map(nameOf).sort());
  assert.deepEqual(inOrder([...seen.values()]), undisturbed);
}

const nameOf = ({ id, revision }: Appearance): string => `${id} ${revision}`;

/** Each appearance has every revision once, from its start to its end. */
export function assertWhole(events: readonly Appearance[]): void {
  const names = events.map(nameOf);
  assert.equal(new Set(names).size, names.length);
  for (const { id, revision, state } of lastRevisions(events)) {
    assert.equal(state, 'ended');
    assert.equal(names.filter((n) => n.startsWith(id)).length, revision + 1);
  }
}
