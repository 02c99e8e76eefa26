import { from, map, mergeMap, type ObservableInput, type OperatorFunction } from 'rxjs';

/**
 * `mergeMap` with at most `concurrency` under way at once and the results in the order of their inputs. Each input
 * gives one result. What waits for a slower one before it is bounded by what the source has under way.
 */
export function mergeMapInOrder<T, R>(
  project: (value: T) => ObservableInput<R>,
  concurrency: number,
): OperatorFunction<T, R> {
  return (source) => {
    const waiting = new Map<number, R>();
    let next = 0;
    return source.pipe(
      mergeMap(
        (value, index) => from(project(value)).pipe(map((result) => ({ result, index }))),
        concurrency,
      ),
      mergeMap(({ result, index }) => {
        waiting.set(index, result);
        const ready: R[] = [];
        for (; waiting.has(next); next++) {
          ready.push(waiting.get(next) as R);
          waiting.delete(next);
        }
        return ready;
      }),
    );
  };
}
