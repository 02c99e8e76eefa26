import type { OutgoingRecord } from './bus.js';

interface Node {
  readonly record: OutgoingRecord<unknown>;
  readonly atMs: number;
  next: Node | undefined;
}

/** The waiting records of one key, in order: a singly linked list, so that taking and dropping copy nothing. */
class KeyQueue {
  readonly key: string;
  droppable = 0;
  #head: Node | undefined;
  #tail: Node | undefined;

  constructor(key: string) {
    this.key = key;
  }

  get empty(): boolean {
    return this.#head === undefined;
  }

  push(record: OutgoingRecord<unknown>, atMs: number): void {
    const node: Node = { record, atMs, next: undefined };
    if (this.#tail === undefined) this.#head = node;
    else this.#tail.next = node;
    this.#tail = node;
    if (record.droppable) this.droppable++;
  }

  shift(): OutgoingRecord<unknown> | undefined {
    const node = this.#head;
    if (node === undefined) return undefined;
    this.#unlink(undefined, node);
    return node.record;
  }

  /**
   * Drops the oldest droppable record if it was pushed before `beforeMs`. Facts in front stay, so the walk is as long
   * as there are facts waiting: a few.
   */
  dropOldest(beforeMs = Number.POSITIVE_INFINITY): boolean {
    let before: Node | undefined;
    for (let node = this.#head; node !== undefined; before = node, node = node.next) {
      if (!node.record.droppable) continue;
      if (node.atMs >= beforeMs) return false;
      this.#unlink(before, node);
      return true;
    }
    return false;
  }

  #unlink(before: Node | undefined, node: Node): void {
    if (before === undefined) this.#head = node.next;
    else before.next = node.next;
    if (this.#tail === node) this.#tail = before;
    if (node.record.droppable) this.droppable--;
  }
}

export interface QueueLimits {
  readonly capacity: number;
  readonly keyShare: number;
  readonly waitMsMax: number;
  /** Monotonic, milliseconds. */
  readonly now: () => number;
}

/**
 * What waits for one consumer group on one topic. Keys take turns, one record each, so that a busy stream cannot
 * starve a quiet one; within a key the order is kept. Lossless records are bounded by `capacity`, droppable ones by
 * `keyShare` a key, and by `waitMsMax`: a burst (an HLS segment comes at once) is worked off, while under overload
 * the newest wins before frames grow old.
 */
export class GroupQueue {
  /** Lossless records waiting. */
  lossless = 0;
  size = 0;
  readonly #limits: QueueLimits;
  readonly #onDrop: (key: string) => void;
  /** Keys with something waiting, in the order of their turns: a Map iterates in the order of insertion. */
  readonly #turns = new Map<string, KeyQueue>();
  #wake: (() => void) | undefined;

  constructor(limits: QueueLimits, onDrop: (key: string) => void) {
    this.#limits = limits;
    this.#onDrop = onDrop;
  }

  /** True when `count` lossless records fit; more than the capacity fit into an empty queue only. */
  hasRoom(count: number): boolean {
    return count === 0 || this.lossless + count <= this.#limits.capacity || this.lossless === 0;
  }

  push(record: OutgoingRecord<unknown>): void {
    let queue = this.#turns.get(record.key);
    if (queue === undefined) {
      queue = new KeyQueue(record.key);
      this.#turns.set(record.key, queue);
    }
    if (record.droppable && queue.droppable >= this.#limits.keyShare) this.#drop(queue);
    queue.push(record, this.#limits.now());
    this.size++;
    if (!record.droppable) this.lossless++;
    this.wake();
  }

  take(countMax: number): OutgoingRecord<unknown>[] {
    const taken: OutgoingRecord<unknown>[] = [];
    while (taken.length < countMax) {
      const queue = this.#turns.values().next().value;
      if (queue === undefined) break;
      this.#dropStale(queue);
      const record = queue.shift();
      if (record === undefined) break;
      this.#turns.delete(queue.key);
      if (!queue.empty) this.#turns.set(queue.key, queue);
      this.size--;
      if (!record.droppable) this.lossless--;
      taken.push(record);
    }
    return taken;
  }

  /** The newest droppable record of a key stays, however old: it is the best there is. */
  #dropStale(queue: KeyQueue): void {
    const beforeMs = this.#limits.now() - this.#limits.waitMsMax;
    while (queue.droppable > 1 && this.#drop(queue, beforeMs));
  }

  #drop(queue: KeyQueue, beforeMs?: number): boolean {
    if (!queue.dropOldest(beforeMs)) return false;
    this.size--;
    this.#onDrop(queue.key);
    return true;
  }

  /** Resolves at the next `wake`. One consumer a group, so one waiter. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
