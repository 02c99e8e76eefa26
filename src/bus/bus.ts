/**
 * The contract that joins the stages. A bus has named topics; a record has a key (the stream's id), and records
 * of one key stay in order. Consumers read batches and *commit* them; what a consumer derives from a batch is
 * handed to the same commit, so that on Kafka outputs and offsets are one transaction, and in process one
 * synchronous step. A batch that is not committed is delivered again on buses that outlive the process.
 */
export interface OutgoingRecord<T> {
  readonly key: string;
  readonly value: T;
  /** True for records that a full queue may replace by newer ones of the same key (live frames). */
  readonly droppable?: boolean;
  /** Arrive as they were sent; names that begin with `ce_` or `logowatch-`, and `content-type`, are the bus's own. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Topic<T> {
  readonly name: string;
  /** Phantom: ties the record type to the topic. */
  readonly type?: T;
}

/** A record bound to its topic, to be published by a commit. */
export interface Outgoing {
  readonly topic: Topic<unknown>;
  readonly records: readonly OutgoingRecord<unknown>[];
}

export interface Batch<T> {
  readonly records: readonly OutgoingRecord<T>[];
  /** What was last committed to the subscription's `state` under a key; undefined where nothing was. */
  state(key: string): unknown;
  /** Publishes `outputs` and acknowledges the batch, both or neither. Waits while a lossless queue is full. */
  commit(outputs?: readonly Outgoing[]): Promise<void>;
}

export interface SubscribeOptions {
  /** Consumers of one group share a topic; every group sees every record. */
  readonly group: string;
  /** At most so many records a batch. */
  readonly maxRecords: number;
  /**
   * Keeps the last value of each key that commits publish to this topic, and gives it back with the batches of that
   * key, also to a consumer that takes over from another: what a stage must not forget. Null forgets it.
   */
  readonly state?: Topic<unknown>;
  /** True for a reader whose commits publish nothing: the way of the data leaves the bus there. */
  readonly terminal?: boolean;
  readonly signal?: AbortSignal;
}

export interface Bus {
  /** Resolves when the bus has accepted the records; waits while a lossless queue is full (back-pressure). */
  send<T>(topic: Topic<T>, records: readonly OutgoingRecord<T>[]): Promise<void>;
  /** Ends when the topic is ended and drained, the signal aborts, or the bus closes. One consumer a group and process. */
  subscribe<T>(topic: Topic<T>, options: SubscribeOptions): AsyncIterable<Batch<T>>;
  /** No more records will come from this process: consumers drain what is there, then end. */
  end(topic: Topic<unknown>): Promise<void>;
  close(): Promise<void>;
}
