import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import { LogowatchError } from '../../core/errors.js';
import type { SubscribeOptions, Topic } from '../bus.js';
import { asked, committedOffset, OwnedPartition, type PartitionKey } from './partition.js';
import { isWithoutCoordinator, orRefusal } from './refusal.js';
import { restoreStates } from './restore.js';
import { KAFKA_DEFAULTS, type KafkaSettings } from './settings.js';
import type { SliceContext } from './slice.js';

/** Less than a session: the group hears nothing of us meanwhile. */
const NO_COORDINATOR_MS_MAX = 4_000;
const NO_COORDINATOR_PAUSE_MS = 250;

export interface SubscriptionContext extends SliceContext {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly settings: KafkaSettings;
}

/** How commits of a partition are made: in transactions, or by the group's own offsets where nothing is published. */
export interface Owner {
  readonly owned: OwnedPartition | undefined;
  next: bigint;
  /** Grows whenever what is under way must not be committed any more. */
  generation: number;
}

/** What one member of a group holds of a topic's partitions: each is opened when its first batch comes. */
export class Owners {
  readonly #context: SubscriptionContext;
  readonly #topic: Topic<unknown>;
  readonly #options: SubscribeOptions;
  readonly #owners = new Map<number, Promise<Owner>>();
  #opening = 0;
  /** The cluster has let us own a partition. */
  #heard = false;

  constructor(context: SubscriptionContext, topic: Topic<unknown>, options: SubscribeOptions) {
    this.#context = context;
    this.#topic = topic;
    this.#options = options;
  }

  /** Nothing is being taken over: states are there. */
  get settled(): boolean {
    return this.#opening === 0;
  }

  of(partition: number): Promise<Owner> {
    const known = this.#owners.get(partition);
    if (known !== undefined) return known;
    this.#opening++;
    const opened = this.#open(partition).finally(() => {
      this.#opening--;
    });
    this.#owners.set(partition, opened);
    opened.catch(() => this.#owners.delete(partition));
    return opened;
  }

  /** Gives up the partitions that the group has given to others. */
  async keepOnly(partitions: readonly number[]): Promise<void> {
    const gone = [...this.#owners.keys()].filter((p) => !partitions.includes(p));
    await Promise.all(gone.map((partition) => this.release(partition)));
  }

  async release(partition: number): Promise<void> {
    const owner = await this.#owners.get(partition)?.catch(() => undefined);
    this.#owners.delete(partition);
    if (owner === undefined) return;
    owner.generation++;
    await owner.owned?.close();
  }

  async #open(partition: number): Promise<Owner> {
    const { kafka, admin, settings, prefix } = this.#context;
    const { group, terminal, state } = this.#options;
    const key = { group: prefix + group, topic: prefix + this.#topic.name, partition };
    if (terminal) return { owned: undefined, next: await committedOffset(admin, key), generation: 0 };
    const timeout = settings.transactionTimeoutMs ?? KAFKA_DEFAULTS.transactionTimeoutMs;
    const owned = await this.#patiently(() => OwnedPartition.open(kafka, admin, key, timeout), key);
    if (state !== undefined)
      await restoreStates(this.#context, owned, state, prefix + state.name).catch(
        orRefusal({ topics: [prefix + state.name], group: `${key.group}-restore-*`, heard: this.#heard }),
      );
    this.#heard = true;
    return { owned, next: owned.next, generation: 0 };
  }

  /** Brokers that have just started name no coordinator, as those that refuse us: only the latter for long. */
  async #patiently<T>(open: () => Promise<T>, key: PartitionKey): Promise<T> {
    const deadline = performance.now() + NO_COORDINATOR_MS_MAX;
    for (;;) {
      try {
        return await open();
      } catch (error) {
        if (!isWithoutCoordinator(error)) throw error;
        if (performance.now() > deadline) return orRefusal({ ...asked(key, []), heard: this.#heard })(error);
        await sleep(NO_COORDINATOR_PAUSE_MS);
      }
    }
  }
}

export function partitionLost(topic: Topic<unknown>, partition: number, cause?: unknown): LogowatchError {
  return new LogowatchError('partition-lost', 'The partition was given to another consumer', {
    value: `${topic.name}/${partition}`,
    remedy: 'What was not committed is read again',
    ...(cause === undefined ? {} : { cause }),
  });
}
