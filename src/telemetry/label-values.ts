/** Most values that one label takes in a process: whoever writes to a topic may name as many streams as he likes. */
export const LABEL_VALUES_MAX = 5_000;
/** What comes after them is counted together. No stream of a config may have this name: it holds a bracket. */
export const OTHER = '(other)';

/** The values of a label, so many and no more. */
export class LabelValues {
  readonly #known = new Set<string>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  of(value: string): string {
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.#max) return OTHER;
    this.#known.add(value);
    return value;
  }
}
