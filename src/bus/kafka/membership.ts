import type { Consumer } from 'kafkajs';
import { describeError } from '../../core/errors.js';
import type { KafkaAccess } from './kafka-bus.js';
import { KAFKA_DEFAULTS } from './settings.js';
import { stickyAssigner } from './sticky-assigner.js';

export interface MembershipOptions {
  readonly access: KafkaAccess;
  /** Without the prefix. */
  readonly group: string;
  readonly topic: string;
  /** How much a partition has to carry. */
  readonly weightOf: (partition: number) => number;
  /** What this process holds is another share now, or nothing. */
  readonly onChange: () => void;
  readonly monotonic?: () => number;
}

const TICK_MS = 200;
/** Of the session timeout: we let go before the group may give our partitions to others. */
const LEASE = 0.9;
/** Session timeouts without a place in the group after which a new consumer tries its luck. */
const RESTART_AFTER = 3;

/**
 * One process's share of a topic's partitions, as its consumer group gives it: no records are read, the share is what counts.
 * It is a lease: a process that has not heard from the group for nearly the session timeout (it was stopped, its loop was
 * blocked, the cluster is away) holds nothing, by its own monotonic clock, before it learns that it was replaced.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #sessionMs: number;
  readonly #monotonic: () => number;
  #consumer: Consumer | undefined;
  #assigned: readonly number[] | undefined;
  #lost = false;
  #signMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#sessionMs = options.access.settings.sessionTimeoutMs ?? KAFKA_DEFAULTS.sessionTimeoutMs;
    this.#monotonic = options.monotonic ?? (() => performance.now());
  }

  /** Empty while the lease has run out. */
  get owned(): readonly number[] {
    return this.holds() ? (this.#assigned ?? []) : [];
  }

  /** Asked before whatever only an owner may do. */
  holds(): boolean {
    if (this.#assigned === undefined || this.#lost) return false;
    if (this.#monotonic() - this.#signMs <= LEASE * this.#sessionMs) return true;
    this.#lose();
    return false;
  }

  start(): void {
    this.#signMs = this.#monotonic();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#join();
  }

  /** Leaves the group: others get our share at once. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#assigned = undefined;
    await this.#consumer?.disconnect().catch(() => undefined);
  }

  #tick(): void {
    if (this.holds() || this.#monotonic() - this.#signMs < RESTART_AFTER * this.#sessionMs) return;
    this.#signMs = this.#monotonic();
    void this.#consumer?.disconnect().catch(() => undefined);
    this.#join();
  }

  #lose(): void {
    this.#lost = true;
    this.#options.access.telemetry?.emit({
      type: 'warning',
      message: 'Not heard from the group for too long: its share is given up until it has',
    });
    this.#options.onChange();
  }

  #sign(): void {
    this.#signMs = this.#monotonic();
    if (!this.#lost || this.#assigned === undefined) return;
    this.#lost = false;
    this.#options.onChange();
  }

  #join(): void {
    const { access, group, topic, weightOf } = this.#options;
    const name = access.prefix + topic;
    const consumer = access.kafka.consumer({
      groupId: access.prefix + group,
      sessionTimeout: this.#sessionMs,
      // Who does not come back in this time is out: the others must not wait longer than their own leases.
      rebalanceTimeout: Math.round(0.6 * this.#sessionMs),
      heartbeatInterval: Math.max(200, Math.round(this.#sessionMs / 10)),
      maxWaitTimeInMs: 200,
      allowAutoTopicCreation: false,
      partitionAssigners: [stickyAssigner({ topic: name, owned: () => this.owned, weightOf })],
      retry: {
        initialRetryTime: 50,
        retries: 60,
        maxRetryTime: 1_000,
        restartOnFailure: async () => !this.#closed,
      },
    });
    this.#consumer = consumer;
    const mine = () => this.#consumer === consumer && !this.#closed;
    const { GROUP_JOIN, HEARTBEAT } = consumer.events;
    consumer.on(HEARTBEAT, () => mine() && this.#sign());
    consumer.on(GROUP_JOIN, ({ payload }) => {
      if (!mine()) return;
      this.#assigned = payload.memberAssignment[name] ?? [];
      this.#lost = false;
      this.#signMs = this.#monotonic();
      this.#options.onChange();
    });
    const run = async () => {
      await consumer.connect();
      await consumer.subscribe({ topics: [name] });
      await consumer.run({ autoCommit: false, eachBatch: async () => {} });
    };
    run().catch((error: unknown) => {
      if (mine()) access.telemetry?.emit({ type: 'warning', message: `kafka: ${describeError(error)}` });
    });
  }
}
