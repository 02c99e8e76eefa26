import { setImmediate as turn } from 'node:timers/promises';
import type { Appearance } from '../../../src/core/appearance.js';
import { play } from '../../infer/temporal-marbles.js';
import { type Flaws, SimCluster, type ToAppend } from './cluster.js';
import type { Random } from './machine.js';
import type { SimNet } from './net.js';
import { randomOf, randomRecords, toAppend } from './records.js';
import { TURN_MS, World } from './world.js';

const PARTITIONS = 3;
const STREAMS = 4;
const STORM_TURNS = 400;

export interface Outcome {
  /** What one undisturbed process says of each stream. */
  readonly expected: ReadonlyMap<string, readonly Appearance[]>;
  /** Committed events, each partition in its order. */
  readonly published: readonly Appearance[];
  /** What the sink got. */
  readonly delivered: readonly Appearance[];
  readonly kills: number;
  readonly stops: number;
  /** Requests or answers lost. */
  readonly lost: number;
  /** Times that a stage or sink was started anew. */
  readonly takeovers: number;
}

/**
 * Detections of several streams through the real smoothing stage, the real sinks' pump and the real Kafka subscription, on a
 * simulated cluster. Processes are killed, stopped past their session and let go on, requests and answers get lost, and records
 * come twice; then all is quiet, and what is left is worked off. `tick` moves the virtual clock.
 */
export async function simulate(
  seed: number,
  tick: (ms: number) => void,
  flaws: Flaws = {},
): Promise<Outcome> {
  const random = randomOf(seed);
  const cluster = new SimCluster(PARTITIONS, flaws);
  const partitionOf = (key: string): number =>
    [...key].reduce((h, c) => (h * 31 + c.charCodeAt(0)) % 65_521, seed) % PARTITIONS;
  const net: SimNet = { cluster, groups: new Map(), partitionOf };
  const expected = new Map<string, readonly Appearance[]>();
  const feeds: ToAppend[][] = [];
  for (let i = 0; i < STREAMS; i++) {
    const streamId = `s${i}`;
    const records = randomRecords(random, streamId);
    expected.set(streamId, play(records, undefined, undefined, streamId).events);
    feeds.push(records.flatMap((record) => toAppend(record, partitionOf, random)));
  }
  const world = new World(net, random);
  try {
    await storm(world, cluster, feeds, random, tick);
    await world.workOff(tick);
  } finally {
    world.end();
  }
  const published = Array.from({ length: PARTITIONS }, (_, p) =>
    cluster.read('appearances', p, 0n).messages.map((m) => JSON.parse(String(m.value)) as Appearance),
  ).flat();
  return { expected, published, delivered: world.delivered, ...world.counts };
}

async function storm(
  world: World,
  cluster: SimCluster,
  feeds: readonly ToAppend[][],
  random: Random,
  tick: (ms: number) => void,
): Promise<void> {
  for (let turns = 0; turns < STORM_TURNS || feeds.some((f) => f.length > 0); turns++) {
    const feed = feeds[Math.floor(random() * feeds.length)]!;
    if (random() < 0.8) cluster.append(feed.splice(0, 1 + Math.floor(random() * 8)));
    world.disturb();
    tick(TURN_MS);
    await turn();
  }
}
