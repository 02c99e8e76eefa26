import type { ReaderLag } from './reader-lags.js';

/**
 * One typed internal event is the log line and the metric together: stages say what happened once.
 * Every string in an event is redacted before it is printed.
 */
export type InternalEvent =
  | { type: 'source-added'; streamId: string }
  | { type: 'source-opened'; streamId: string; session: string; source: string }
  | {
      type: 'source-closed';
      streamId: string;
      session: string;
      reason: string;
      frames: number;
      detail?: string;
    }
  | { type: 'source-retry'; streamId: string; delayMs: number; attempt: number; reason: string }
  /** For good; `failed` where trying again cannot help. */
  | { type: 'source-ended'; streamId: string; failed: boolean }
  | { type: 'stream-failed'; streamId: string; error: string }
  | { type: 'frames-sampled'; streamId: string; count: number }
  | {
      type: 'frames-dropped';
      streamId: string;
      count: number;
      reason: 'ingest-queue' | 'bus-queue' | 'infer-queue' | 'superseded' | 'not-owner';
    }
  | { type: 'frames-inferred'; streamId: string; count: number; ageMs: number }
  | { type: 'batch-inferred'; size: number; durationMs: number }
  | { type: 'appearance'; streamId: string; label: string; state: string }
  | { type: 'reader-opened'; group: string; topic: string }
  | { type: 'reader-assigned'; group: string; partitions: number }
  | { type: 'reader-restarted'; group: string; error: string }
  | ({ type: 'reader-lag' } & ReaderLag)
  | BatchCommitted
  | { type: 'commit-failed'; group: string; topic: string; error: string }
  | { type: 'sink-opened'; sink: string }
  | { type: 'sink-delivered'; sink: string; events: number }
  | { type: 'sink-retry'; sink: string; attempt: number; delayMs: number; error: string }
  | { type: 'sink-failed'; sink: string; events: number; error: string }
  | { type: 'record-rejected'; topic: string; reason: string }
  /** A page that could not follow its events. */
  | { type: 'page-cut-off' }
  /** `bytes`: of the whole folder. */
  | { type: 'evidence-swept' | 'evidence-kept'; bytes: number }
  | { type: 'evidence-dropped'; reason: 'queue' | 'stop' | 'no-frame' | 'disk-full' | 'failed' }
  | { type: 'evidence-removed'; count: number; reason: 'age' | 'space' }
  | { type: 'spans-dropped'; count: number; reason: 'queue' | 'receiver' | 'stop' }
  | { type: 'warning'; message: string; streamId?: string }
  | { type: 'info'; message: string; streamId?: string };

interface BatchCommitted {
  readonly type: 'batch-committed';
  readonly group: string;
  readonly topic: string;
  readonly records: number;
  readonly deadLetters: number;
  readonly durationMs: number;
}
