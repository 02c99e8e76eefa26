import type { Topic } from '../bus.js';

/** A value as it travels: the bytes of a message and what its headers say of it. */
export interface Encoded {
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Between values and messages. */
export interface Wire {
  /** Throws `message-invalid` for a value that no message can hold. */
  encode(topic: Topic<unknown>, value: unknown): Promise<Encoded>;
  /** Throws `message-invalid` or `schema-mismatch` for bytes that are no such value: they are set aside. */
  decode(topic: Topic<unknown>, value: Buffer): Promise<unknown>;
}
