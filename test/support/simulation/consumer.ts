import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { EachBatchPayload } from 'kafkajs';
import { SimGroup } from './group.js';
import type { Machine } from './machine.js';
import type { SimNet } from './net.js';

type EachBatch = (payload: EachBatchPayload) => Promise<void>;
type Listener = (event: { payload: unknown }) => void;

/** Reads partitions side by side; may be handed the same partition again while its last batch is still worked on. */
export class SimConsumer {
  readonly events = { GROUP_JOIN: 'join', CRASH: 'crash' };
  readonly #net: SimNet;
  readonly #machine: Machine;
  readonly #groupId: string;
  readonly #listeners = new Map<string, Listener>();
  readonly #positions = new Map<number, bigint>();
  readonly #busy = new Set<string>();
  #member = randomUUID();
  #generation = -1;
  #topic = '';
  #paused: readonly number[] = [];
  #running = false;

  constructor(net: SimNet, machine: Machine, groupId: string) {
    this.#net = net;
    this.#machine = machine;
    this.#groupId = groupId;
  }

  on(event: string, listener: Listener): void {
    this.#listeners.set(event, listener);
  }

  async connect(): Promise<void> {}

  async subscribe({ topics }: { topics: string[] }): Promise<void> {
    this.#topic = topics[0]!;
  }

  async disconnect(): Promise<void> {
    this.#running = false;
    await this.#machine.request(() => this.#group.remove(this.#member), false);
  }

  pause([{ partitions = [] }]: [{ partitions?: number[] }]): void {
    this.#paused = partitions;
  }

  seek({ partition, offset }: { partition: number; offset: string }): void {
    this.#positions.set(partition, BigInt(offset));
  }

  async commitOffsets(offsets: readonly { partition: number; offset: string }[]): Promise<void> {
    // As it was when the request was sent: what arrives after a rebalance is refused.
    const [member, generation] = [this.#member, this.#generation];
    await this.#machine.request(() => {
      if (!this.#group.isCurrent(member, generation)) throw rebalancing();
      for (const { partition, offset } of offsets)
        this.#net.cluster.commitOffset(this.#groupId, this.#topic, partition, BigInt(offset));
    });
  }

  async run({ eachBatch }: { eachBatch: EachBatch }): Promise<void> {
    this.#running = true;
    await this.#join();
    void this.#fetching(eachBatch);
  }

  get #group(): SimGroup {
    const known = this.#net.groups.get(this.#groupId) ?? new SimGroup(this.#net.cluster.partitions);
    this.#net.groups.set(this.#groupId, known);
    return known;
  }

  /** Whoever was taken for dead comes back as somebody new. */
  async #join(): Promise<void> {
    const { cluster } = this.#net;
    const assigned = await this.#machine.request(() => {
      if (!this.#running) return [];
      if (!this.#group.has(this.#member)) this.#member = randomUUID();
      this.#generation = this.#group.join(this.#member, this.#machine);
      return this.#group.assigned(this.#member);
    }, false);
    this.#positions.clear();
    for (const p of assigned) this.#positions.set(p, cluster.committed(this.#groupId, this.#topic, p) ?? 0n);
    this.#listeners.get('join')?.({ payload: { memberAssignment: { [this.#topic]: assigned } } });
  }

  async #fetching(eachBatch: EachBatch): Promise<void> {
    while (this.#running && !this.#machine.dead) {
      await turn();
      const current = await this.#machine.request(
        () => this.#group.isCurrent(this.#member, this.#generation),
        false,
      );
      if (!current && this.#running) await this.#join();
      if (!this.#running) return;
      for (const partition of this.#positions.keys())
        if (!this.#paused.includes(partition)) void this.#handle(partition, eachBatch);
    }
  }

  async #handle(partition: number, eachBatch: EachBatch): Promise<void> {
    const generation = this.#generation;
    const name = `${generation}/${partition}`;
    const from = this.#positions.get(partition)!;
    const { messages, next } = this.#net.cluster.read(this.#topic, partition, from);
    if (this.#busy.has(name) || messages.length === 0) return;
    const count = 1 + Math.floor(this.#machine.random() * messages.length);
    const part = messages.slice(0, count);
    const lastOffset = part.length === messages.length ? String(next - 1n) : part.at(-1)!.offset;
    let position = from;
    const highWatermark = String(this.#net.cluster.log(this.#topic, partition).length);
    const isStale = () => this.#generation !== generation || this.#positions.get(partition) !== position;
    this.#busy.add(name);
    try {
      await eachBatch({
        batch: { topic: this.#topic, partition, messages: part, highWatermark, lastOffset: () => lastOffset },
        resolveOffset: (offset: string) => {
          if (isStale()) return;
          position = BigInt(offset) + 1n;
          this.#positions.set(partition, position);
        },
        heartbeat: () => this.#heartbeat(generation),
        isRunning: () => this.#running,
        isStale,
      } as unknown as EachBatchPayload);
    } catch {
      // kafkajs joins anew, as the next turn of #fetching does, and reads again what was not resolved.
    } finally {
      this.#busy.delete(name);
    }
  }

  async #heartbeat(generation: number): Promise<void> {
    const current = await this.#machine.request(
      () => generation === this.#generation && this.#group.isCurrent(this.#member, generation),
      false,
    );
    if (!current) throw rebalancing();
  }
}

const rebalancing = (): Error =>
  Object.assign(new Error('the group is rebalancing'), { type: 'REBALANCE_IN_PROGRESS' });
