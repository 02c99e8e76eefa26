import { redact } from '../core/redact.js';
import type { StreamStatus } from '../ingest/stream-status.js';
import type { StreamEntry } from './entry.js';

/** What a node says of a stream that it runs. */
export interface NodeStatus extends StreamStatus {
  readonly node: string;
  /** The node has been silent for too long to be believed. */
  readonly stale: boolean;
}

/** A stream as the API shows it. */
export interface StreamView {
  readonly id: string;
  /** Redacted. */
  readonly url: string;
  /** As asked for; null: the default. */
  readonly fps: number | null;
  readonly owner: string | null;
  readonly paused: boolean;
  /** Also `unassigned`: no node has said yet that it is its; `unknown`: its node is silent. */
  readonly state: string;
  readonly node: string | null;
  /** ISO 8601 */
  readonly since: string | null;
  readonly session: string | null;
  readonly framesPerSecond: number;
  readonly lastError: string | null;
}

export function viewOf(entry: StreamEntry, status: NodeStatus | undefined): StreamView {
  const { stream, owner, paused } = entry;
  const { fps } = stream as { fps?: unknown };
  const common = {
    id: stream.id,
    url: redact(stream.url),
    fps: typeof fps === 'number' ? fps : null,
    owner,
    paused,
  };
  const resting = entry.ended !== undefined ? 'ended' : paused ? 'paused' : undefined;
  if (status === undefined || status.stale)
    return {
      ...common,
      state: resting ?? (status === undefined ? 'unassigned' : 'unknown'),
      node: status?.node ?? null,
      since: entry.ended ?? null,
      session: null,
      framesPerSecond: 0,
      lastError: status?.lastError ?? null,
    };
  const { state, node, sinceMs, session, framesPerSecond, lastError } = status;
  // A pause that its node has not noticed yet is said as it is.
  const shown = state === 'paused' ? (resting ?? 'starting') : state;
  const since = new Date(sinceMs).toISOString();
  return { ...common, state: shown, node, since, session, framesPerSecond, lastError };
}
