import {
  asyncScheduler,
  Observable,
  type OperatorFunction,
  type SchedulerLike,
  type Subscription,
} from 'rxjs';

export interface BatchOptions<T> {
  /** Items a batch at most. */
  readonly sizeMax: number;
  /** An item waits no longer than this for others; 0 sends each arriving group on at once. */
  readonly waitMsMax: number;
  /** Items of different groups never share a batch; undefined goes with any. */
  readonly groupOf: (item: T) => string | undefined;
}

/**
 * Groups of items in, batches out, the order kept: a batch is sent when it is full, when its first item has waited
 * long enough, or when the next item belongs to another group.
 */
export function batchWithin<T>(
  options: BatchOptions<T>,
  scheduler: SchedulerLike = asyncScheduler,
): OperatorFunction<readonly T[], readonly T[]> {
  const { sizeMax, waitMsMax, groupOf } = options;
  return (source) =>
    new Observable((subscriber) => {
      let batch: T[] = [];
      let group: string | undefined;
      let timer: Subscription | undefined;
      const flush = () => {
        timer?.unsubscribe();
        timer = undefined;
        if (batch.length === 0) return;
        const full = batch;
        batch = [];
        group = undefined;
        subscriber.next(full);
      };
      const add = (item: T) => {
        const own = groupOf(item);
        if (own !== undefined && group !== undefined && own !== group) flush();
        batch.push(item);
        group ??= own;
        if (batch.length >= sizeMax) flush();
        else if (waitMsMax > 0) timer ??= scheduler.schedule(flush, waitMsMax);
      };
      const subscription = source.subscribe({
        next: (items) => {
          for (const item of items) add(item);
          if (waitMsMax <= 0) flush();
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          flush();
          subscriber.complete();
        },
      });
      return () => {
        timer?.unsubscribe();
        subscription.unsubscribe();
      };
    });
}
