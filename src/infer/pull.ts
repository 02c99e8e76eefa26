import { Observable } from 'rxjs';

/**
 * An async iterable as an observable that pulls: the next value is asked for only while fewer than `inFlightMax`
 * values are under way. RxJS knows no demand, so the bound must stand at the source; downstream calls `release`
 * once for each value that has left the flow.
 */
export class Pull<T> {
  readonly values: Observable<T>;
  #inFlight = 0;
  #wake: (() => void) | undefined;

  constructor(source: AsyncIterable<T>, inFlightMax: number) {
    this.values = new Observable<T>((subscriber) => {
      const run = async () => {
        for await (const value of source) {
          if (subscriber.closed) break;
          this.#inFlight++;
          subscriber.next(value);
          while (this.#inFlight >= inFlightMax && !subscriber.closed) await this.#released();
          if (subscriber.closed) break;
        }
        subscriber.complete();
      };
      run().catch((error: unknown) => subscriber.error(error));
      return () => this.#wake?.();
    });
  }

  release(): void {
    this.#inFlight--;
    this.#wake?.();
  }

  #released(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
