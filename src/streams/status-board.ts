import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { z } from 'zod';
import type { StreamStatus } from '../ingest/stream-status.js';
import type { NodeStatus } from './view.js';

const reportSchema = z.object({
  node: z.string(),
  streams: z.array(
    z.object({
      streamId: z.string(),
      state: z.enum(['starting', 'running', 'waiting', 'paused', 'stopping', 'ended', 'failed']),
      sinceMs: z.number(),
      session: z.string().nullable(),
      framesPerSecond: z.number(),
      lastError: z.string().nullable(),
    }),
  ),
});

interface Report {
  readonly node: string;
  readonly streams: ReadonlyMap<string, StreamStatus>;
  /** By our monotonic clock. */
  readonly atMs: number;
}

/** How often a node says what its streams do, where nothing changes. */
export const REPORT_EVERY_MS = 5_000;
const STALE_MS = 3 * REPORT_EVERY_MS;

/** What all nodes say of their streams; our own say is always the present one. */
export class StatusBoard {
  /** One start of a process. */
  readonly id = randomUUID();
  /** As people know it. */
  readonly node = `${hostname()}/${process.pid}`;
  readonly #own: () => readonly StreamStatus[];
  readonly #others = new Map<string, Report>();

  constructor(own: () => readonly StreamStatus[]) {
    this.#own = own;
  }

  of(streamId: string): NodeStatus | undefined {
    const mine = this.#own().find((s) => s.streamId === streamId);
    if (mine !== undefined) return { ...mine, node: this.node, stale: false };
    const reports = [...this.#others.values()].filter((r) => r.streams.has(streamId));
    const newest = reports.reduce<Report | undefined>((a, b) => (a && a.atMs > b.atMs ? a : b), undefined);
    const status = newest?.streams.get(streamId);
    if (newest === undefined || status === undefined) return undefined;
    return { ...status, node: newest.node, stale: performance.now() - newest.atMs > STALE_MS };
  }

  report(): Buffer {
    return Buffer.from(JSON.stringify({ node: this.node, streams: this.#own() }));
  }

  /** @param value null: the node has left. What cannot be read is a newer version's, and is left alone. */
  heard(id: string, value: Buffer | null, ageMs: number): void {
    if (id === this.id) return;
    this.#others.delete(id);
    if (value === null) return;
    let report: z.infer<typeof reportSchema>;
    try {
      report = reportSchema.parse(JSON.parse(value.toString()));
    } catch {
      return;
    }
    const streams = new Map(report.streams.map((s) => [s.streamId, s]));
    this.#others.set(id, { node: report.node, streams, atMs: performance.now() - Math.max(0, ageMs) });
  }
}
