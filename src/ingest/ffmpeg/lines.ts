/** Splits chunks of text into lines; a line longer than the limit is cut, so that garbage cannot grow memory. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #lengthMax: number;
  #rest = '';

  constructor(onLine: (line: string) => void, lengthMax = 4096) {
    this.#onLine = onLine;
    this.#lengthMax = lengthMax;
  }

  push(chunk: string): void {
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? '').slice(0, this.#lengthMax);
    for (const line of lines) if (line !== '') this.#onLine(line.slice(0, this.#lengthMax));
  }

  flush(): void {
    if (this.#rest !== '') this.#onLine(this.#rest);
    this.#rest = '';
  }
}

/** The first and the last lines of a text without end. */
export class LineRing {
  readonly #first: string[] = [];
  readonly #last: string[] = [];
  readonly #sizeMax: number;

  constructor(sizeMax = 40) {
    this.#sizeMax = sizeMax;
  }

  push(line: string): void {
    if (this.#first.length < this.#sizeMax) this.#first.push(line);
    else {
      this.#last.push(line);
      if (this.#last.length > this.#sizeMax) this.#last.shift();
    }
  }

  lines(): string[] {
    return [...this.#first, ...this.#last];
  }
}
