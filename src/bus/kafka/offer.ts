import type { Batch, Outgoing } from '../bus.js';
import type { Handover } from './handover.js';
import type { Slice } from './slice.js';

/** `left`: nobody reads any more, and no commit was asked for. */
export type Outcome = 'committed' | 'failed' | 'left';

/** A slice in the reader's hands. */
export interface Offered {
  readonly slice: Slice;
  /** The reader has done its work and asks for a commit, or never will. */
  readonly begun: Promise<void>;
  readonly settled: Promise<Outcome>;
}

/** Hands a slice to the reader as a batch; one without records is committed at once. Neither promise rejects. */
export function offer<T>(
  slice: Slice,
  handover: Handover<Batch<T>>,
  { state, commit }: Pick<Batch<T>, 'state' | 'commit'>,
): Offered {
  let begin: (() => void) | undefined;
  let asked = false;
  let forget: (() => void) | undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const settled = new Promise<Outcome>((resolve) => {
    const once = async (outputs?: readonly Outgoing[]): Promise<void> => {
      asked = true;
      begin?.();
      try {
        await commit(outputs);
        resolve('committed');
      } catch (error) {
        resolve('failed');
        throw error;
      }
    };
    const records = slice.records as Batch<T>['records'];
    if (records.length === 0) void once().catch(() => undefined);
    else if (!handover.offer({ records, state, commit: once })) resolve('left');
    forget = handover.onEnd(() => {
      if (!asked) resolve('left');
    });
  }).finally(() => {
    forget?.();
    begin?.();
  });
  return { slice, begun, settled };
}
