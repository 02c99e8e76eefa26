import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../bus/bus.js';
import type { KafkaAccess } from '../bus/kafka/kafka-bus.js';
import { Membership } from '../bus/kafka/membership.js';
import { KafkaTable, type TableRecord } from '../bus/kafka/table.js';
import { FLEET_TOPICS } from '../bus/topics.js';
import { describeError } from '../core/errors.js';
import type { SourceSpec } from '../ingest/source.js';
import { type DesiredStream, type StreamFailure, StreamSet } from '../ingest/stream-set.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { StreamDirectory } from './directory.js';
import { decodeEntry, encodeEntry, type StreamEntry } from './entry.js';
import { StreamRunner } from './runner.js';
import { REPORT_EVERY_MS, StatusBoard } from './status-board.js';

export interface FleetOptions {
  readonly bus: Bus;
  readonly access: KafkaAccess;
  readonly telemetry: Telemetry;
  /** See RunnerOptions. */
  readonly resolve: (entry: StreamEntry) => SourceSpec;
  readonly own: () => ReadonlyMap<string, DesiredStream>;
}

/** Changes of state are said at most so often. */
const REPORT_PAUSE_MS = 500;
const LEAVE_MS_MAX = 2_000;

/**
 * One of the nodes that share the streams of the topic `streams`. All read all of it; a node runs those in the partitions that
 * the group `ingest` gives it, as long as its lease on them lasts.
 */
export class Fleet implements StreamDirectory {
  readonly board: StatusBoard;
  onChange = () => {};
  readonly #options: FleetOptions;
  readonly #set: StreamSet;
  readonly #runner: StreamRunner;
  readonly #membership: Membership;
  readonly #entries = new Map<string, StreamEntry>();
  readonly #partitions = new Map<string, number>();
  #table: KafkaTable | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reporting: NodeJS.Timeout | undefined;

  private constructor(options: FleetOptions) {
    const { bus, access, telemetry, resolve, own } = options;
    this.#options = options;
    this.#membership = new Membership({
      access,
      group: 'ingest',
      topic: FLEET_TOPICS.streams,
      weightOf: (partition) => this.#streamsIn(partition),
      onChange: () => this.refresh(),
    });
    this.#set = new StreamSet({
      bus,
      telemetry,
      // By the lease alone: a share that was taken in good order still lets us close what we had open.
      mayPublish: (id) => own().has(id) || this.#membership.holds(),
      onEnded: (id) => this.#ended(id),
      onChange: () => this.#reportSoon(),
    });
    this.board = new StatusBoard(() => this.#set.statuses());
    const owns = (id: string) => this.#membership.owned.includes(this.#partitions.get(id) ?? -1);
    this.#runner = new StreamRunner({ directory: this, set: this.#set, resolve, owns, own });
  }

  /** Resolves once all streams are known; the node's share comes after it. Errors: bus-failed. */
  static async join(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options);
    fleet.#table = await KafkaTable.open({
      access: options.access,
      topics: Object.values(FLEET_TOPICS),
      onRecord: (record) => fleet.#take(record),
    });
    return fleet;
  }

  /** Takes its share from here on. */
  start(): void {
    this.#membership.start();
    this.#timer = setInterval(() => this.#report(), REPORT_EVERY_MS);
    this.refresh();
  }

  refresh(): void {
    if (this.#timer !== undefined) this.#runner.refresh();
  }

  /** The group has said what is ours, and the lease holds. */
  get ready(): boolean {
    return this.#membership.holds();
  }

  get failures(): readonly StreamFailure[] {
    return this.#set.failures;
  }

  entries(): ReadonlyMap<string, StreamEntry> {
    return this.#entries;
  }

  async put(entry: StreamEntry): Promise<void> {
    await this.#table?.put(FLEET_TOPICS.streams, entry.stream.id, encodeEntry(entry));
  }

  async remove(id: string): Promise<void> {
    await this.#table?.put(FLEET_TOPICS.streams, id, null);
  }

  /** Sessions are closed first, then the share is given back: who takes over opens after we have closed. */
  async leave(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#set.stop();
    clearTimeout(this.#reporting);
    const said = this.#table?.say(FLEET_TOPICS.status, this.board.id, null).catch(() => undefined);
    const left = Promise.all([this.#membership.close(), said]);
    // A cluster that is away finds out by itself.
    await Promise.race([left, sleep(LEAVE_MS_MAX, undefined, { ref: false })]);
    await this.#table?.close();
  }

  #take({ topic, key, partition, value, timestampMs }: TableRecord): void {
    if (topic === FLEET_TOPICS.status) {
      this.board.heard(key, value, Date.now() - timestampMs);
      return;
    }
    const entry = value === null ? undefined : decodeEntry(value);
    if (value !== null && entry?.stream.id !== key) {
      const reason = `stream ${key}: this is no entry that is known here`;
      this.#options.telemetry.emit({ type: 'record-rejected', topic: FLEET_TOPICS.streams, reason });
      return;
    }
    this.#partitions.set(key, partition);
    if (entry === undefined) this.#entries.delete(key);
    else this.#entries.set(key, entry);
    this.refresh();
    this.onChange();
  }

  #streamsIn(partition: number): number {
    let streams = 0;
    for (const [id, { paused, ended }] of this.#entries)
      if (!paused && ended === undefined && this.#partitions.get(id) === partition) streams++;
    return streams;
  }

  /** A recording that is over is over on every node. */
  #ended(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || this.#options.own().has(id)) return;
    this.put({ ...entry, ended: new Date().toISOString() }).catch((error: unknown) => this.#warn(error));
  }

  #reportSoon(): void {
    if (this.#timer === undefined) return;
    this.#reporting ??= setTimeout(() => this.#report(), REPORT_PAUSE_MS);
  }

  #report(): void {
    clearTimeout(this.#reporting);
    this.#reporting = undefined;
    if (!this.#membership.holds()) return;
    this.#table
      ?.say(FLEET_TOPICS.status, this.board.id, this.board.report())
      .catch((error: unknown) => this.#warn(error));
  }

  #warn(error: unknown): void {
    this.#options.telemetry.emit({ type: 'warning', message: describeError(error) });
  }
}
