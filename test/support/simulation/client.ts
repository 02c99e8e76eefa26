import type { Admin, Kafka, TopicMessages } from 'kafkajs';
import type { SimTransaction, ToAppend } from './cluster.js';
import { SimConsumer } from './consumer.js';
import type { Machine } from './machine.js';
import type { SimNet } from './net.js';

/** As much of kafkajs's client as the bus uses, on a simulated cluster, for one simulated machine. */
export function simKafka(net: SimNet, machine: Machine): Kafka {
  return {
    producer: ({ transactionalId }: { transactionalId: string }) =>
      new SimProducer(net, machine, transactionalId),
    consumer: ({ groupId }: { groupId: string }) => new SimConsumer(net, machine, groupId),
    admin: () => simAdmin(net, machine),
  } as unknown as Kafka;
}

export function simAdmin({ cluster, groups }: SimNet, machine: Machine): Admin {
  const partitions = Array.from({ length: cluster.partitions }, (_, p) => p);
  return {
    fetchOffsets: ({ groupId, topics }: { groupId: string; topics: string[] }) =>
      machine.request(() =>
        topics.map((topic) => ({
          topic,
          partitions: partitions.map((partition) => ({
            partition,
            offset: String(cluster.committed(groupId, topic, partition) ?? -1n),
          })),
        })),
      ),
    deleteGroups: async (ids: string[]) => {
      for (const id of ids) groups.delete(id);
    },
  } as unknown as Admin;
}

class SimProducer {
  readonly #net: SimNet;
  readonly #machine: Machine;
  readonly #id: string;
  #epoch: number | undefined;

  constructor(net: SimNet, machine: Machine, id: string) {
    this.#net = net;
    this.#machine = machine;
    this.#id = id;
  }

  connect(): Promise<void> {
    return this.#machine.request(() => undefined);
  }

  async disconnect(): Promise<void> {}

  /** As kafkajs does: the first transaction makes the producer known to its coordinator. */
  async transaction(): Promise<unknown> {
    const { cluster } = this.#net;
    const id = this.#id;
    if (this.#epoch === undefined)
      this.#epoch = await this.#machine.request(() => cluster.initProducer(id), false);
    const epoch = this.#epoch;
    const transaction = cluster.begin(id, epoch);
    return this.#handle(epoch, transaction);
  }

  #handle(epoch: number, transaction: SimTransaction) {
    const { cluster } = this.#net;
    const id = this.#id;
    const request = this.#machine.request.bind(this.#machine);
    return {
      sendBatch: ({ topicMessages }: { topicMessages: TopicMessages[] }) =>
        request(() => cluster.appendIn(id, epoch, transaction, this.#toAppend(topicMessages))),
      sendOffsets: ({ consumerGroupId, topics }: SentOffsets) =>
        request(() => {
          for (const { topic, partitions } of topics)
            for (const { partition, offset } of partitions)
              cluster.offsetIn(
                id,
                epoch,
                transaction,
                `${consumerGroupId}/${topic}/${partition}`,
                BigInt(offset),
              );
        }),
      commit: () => request(() => cluster.end(id, epoch, transaction, true)),
      abort: () => request(() => cluster.end(id, epoch, transaction, false)),
    };
  }

  #toAppend(topicMessages: readonly TopicMessages[]): ToAppend[] {
    return topicMessages.flatMap(({ topic, messages }) =>
      messages.map(({ key, value, headers = {}, partition }) => ({
        topic,
        partition: partition ?? this.#net.partitionOf(String(key)),
        key: key === undefined || key === null ? null : String(key),
        value: value as Buffer | null,
        headers,
      })),
    );
  }
}

interface SentOffsets {
  readonly consumerGroupId: string;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
  }[];
}
