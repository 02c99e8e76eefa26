import type { OutgoingRecord } from './bus.js';

interface Node {
  readonly record: OutgoingRecord<unknown>;
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

  push(record: OutgoingRecord<unknown>): void {
    const node: Node = { record, next: undefined };
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

  /** Facts in front stay, so the walk is as long as there are facts waiting: a few. */
  dropOldest(): void {
    let before: Node | undefined;
    for (let node = this.#head; node !== undefined; before = node, node = node.next) {
      if (!node.record.droppable) continue;
      this.#unlink(before, node);
      return;
    }
  }

  #unlink(before: Node | undefined, node: Node): void {
    if (before === undefined) this.#head = node.next;
    else before.next = node.next;
    if (this.#tail === node) this.#tail = before;
    if (node.record.droppable) this.droppable--;
  }
}

/**
 * What waits for one consumer group on one topic. Keys take turns, one record each, so that a busy stream cannot
 * starve a quiet one; within a key the order is kept. Lossless records are bounded by `capacity`, droppable ones by
 * `keyShare` a key.
 */
export class GroupQueue {
  /** Lossless records waiting. */
  lossless = 0;
  size = 0;
  readonly #capacity: number;
  readonly #keyShare: number;
  readonly #onDrop: (key: string) => void;
  /** Keys with something waiting, in the order of their turns: a Map iterates in the order of insertion. */
  readonly #turns = new Map<string, KeyQueue>();
  #wake: (() => void) | undefined;

  constructor(capacity: number, keyShare: number, onDrop: (key: string) => void) {
    this.#capacity = capacity;
    this.#keyShare = keyShare;
    this.#onDrop = onDrop;
  }

  /** True when `count` lossless records fit; more than the capacity fit into an empty queue only. */
  hasRoom(count: number): boolean {
    return count === 0 || this.lossless + count <= this.#capacity || this.lossless === 0;
  }

  push(record: OutgoingRecord<unknown>): void {
    let queue = this.#turns.get(record.key);
    if (queue === undefined) {
      queue = new KeyQueue(record.key);
      this.#turns.set(record.key, queue);
    }
    if (record.droppable && queue.droppable >= this.#keyShare) {
      queue.dropOldest();
      this.size--;
      this.#onDrop(record.key);
    }
    queue.push(record);
    this.size++;
    if (!record.droppable) this.lossless++;
    this.wake();
  }

  take(countMax: number): OutgoingRecord<unknown>[] {
    const taken: OutgoingRecord<unknown>[] = [];
    while (taken.length < countMax) {
      const queue = this.#turns.values().next().value;
      const record = queue?.shift();
      if (queue === undefined || record === undefined) break;
      this.#turns.delete(queue.key);
      if (!queue.empty) this.#turns.set(queue.key, queue);
      this.size--;
      if (!record.droppable) this.lossless--;
      taken.push(record);
    }
    return taken;
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
