/** A Kafka cluster as a model in memory: what brokers promise about logs, transactions, groups and fencing, and no more. */
export interface StoredMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly timestamp: string;
  readonly transaction: SimTransaction | undefined;
}

export interface SimTransaction {
  state: 'open' | 'committed' | 'aborted';
  /** The coordinator has heard of it: only now can it time out. */
  known: boolean;
  /** Offsets of groups that count once it is committed, by `group/topic/partition`. */
  readonly offsets: Map<string, bigint>;
}

interface Producer {
  epoch: number;
  open: SimTransaction | undefined;
}

export interface ToAppend {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** The broker's answer to a producer that another of its transactional id has taken the place of. */
export class Fenced extends Error {
  readonly type = 'PRODUCER_FENCED';
}

/** Flaws to switch on, to see that the checks notice them. */
export interface Flaws {
  /** Brokers let zombies through. */
  readonly noFencing?: boolean;
  /** Brokers show what transactions have not committed. */
  readonly dirtyReads?: boolean;
}

export class SimCluster {
  readonly partitions: number;
  readonly #flaws: Flaws;
  readonly #logs = new Map<string, StoredMessage[]>();
  readonly #producers = new Map<string, Producer>();
  readonly #offsets = new Map<string, bigint>();

  constructor(partitions: number, flaws: Flaws = {}) {
    this.partitions = partitions;
    this.#flaws = flaws;
  }

  log(topic: string, partition: number): StoredMessage[] {
    const name = `${topic}/${partition}`;
    const log = this.#logs.get(name) ?? [];
    this.#logs.set(name, log);
    return log;
  }

  append(messages: readonly ToAppend[], transaction?: SimTransaction): void {
    for (const { topic, partition, key, value, headers } of messages) {
      const log = this.log(topic, partition);
      log.push({
        offset: String(log.length),
        key: key === null ? null : Buffer.from(key),
        value,
        headers,
        timestamp: '0',
        transaction,
      });
    }
  }

  /** What a reader of committed records sees from `position` on, and the offset behind it. */
  read(topic: string, partition: number, position: bigint): { messages: StoredMessage[]; next: bigint } {
    const log = this.log(topic, partition);
    const stable = this.#flaws.dirtyReads
      ? log.length
      : log.findIndex(({ transaction }) => transaction?.state === 'open');
    const end = stable < 0 ? log.length : stable;
    const messages = log
      .slice(Number(position), end)
      .filter(({ transaction }) => this.#flaws.dirtyReads || transaction?.state !== 'aborted');
    return { messages, next: BigInt(Math.max(end, Number(position))) };
  }

  committed(group: string, topic: string, partition: number): bigint | undefined {
    return this.#offsets.get(`${group}/${topic}/${partition}`);
  }

  /** Outside of transactions; the group has checked that the asker is its member. */
  commitOffset(group: string, topic: string, partition: number, offset: bigint): void {
    this.#offsets.set(`${group}/${topic}/${partition}`, offset);
  }

  /** A new producer takes the transactional id: what the one before has under way is rolled back. Returns its epoch. */
  initProducer(id: string): number {
    const known = this.#producers.get(id);
    if (known?.open?.state === 'open' && !this.#flaws.noFencing) known.open.state = 'aborted';
    const producer = { epoch: (known?.epoch ?? -1) + 1, open: undefined };
    this.#producers.set(id, producer);
    return producer.epoch;
  }

  begin(id: string, epoch: number): SimTransaction {
    const producer = this.#producer(id, epoch);
    const open: SimTransaction = { state: 'open', known: false, offsets: new Map() };
    producer.open = open;
    return open;
  }

  appendIn(id: string, epoch: number, transaction: SimTransaction, messages: readonly ToAppend[]): void {
    this.#under(id, epoch, transaction);
    this.append(messages, transaction);
  }

  offsetIn(id: string, epoch: number, transaction: SimTransaction, key: string, offset: bigint): void {
    this.#under(id, epoch, transaction);
    transaction.offsets.set(key, offset);
  }

  end(id: string, epoch: number, transaction: SimTransaction, commits: boolean): void {
    this.#under(id, epoch, transaction);
    transaction.state = commits ? 'committed' : 'aborted';
    if (commits) for (const [key, offset] of transaction.offsets) this.#offsets.set(key, offset);
  }

  /** The transaction timeout: what crashed producers left open is rolled back, and the producers are fenced. */
  expireTransactions(): void {
    for (const producer of this.#producers.values()) {
      if (producer.open?.state !== 'open' || !producer.open.known) continue;
      producer.open.state = 'aborted';
      producer.epoch++;
    }
  }

  #producer(id: string, epoch: number): Producer {
    const producer = this.#producers.get(id);
    if (producer === undefined) throw new Fenced(`${id} is not known`);
    if (producer.epoch !== epoch && !this.#flaws.noFencing)
      throw new Fenced(`${id} has epoch ${producer.epoch}, not ${epoch}`);
    return producer;
  }

  #under(id: string, epoch: number, transaction: SimTransaction): void {
    this.#producer(id, epoch);
    transaction.known = true;
    if (transaction.state !== 'open') throw new Fenced(`${id}: the transaction is ${transaction.state}`);
  }
}
