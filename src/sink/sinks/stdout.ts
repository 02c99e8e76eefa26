import type { Writable } from 'node:stream';
import pc from 'picocolors';
import type { Appearance } from '../../core/appearance.js';
import { errnoCode } from '../../core/errors.js';
import type { SinkContext } from '../context.js';
import { SinkError } from '../errors.js';
import type { Sink } from '../sink.js';

export interface StdoutOptions {
  /** `human`: a line when an appearance opens and one when it closes. `json`: a line an event. */
  readonly format?: 'human' | 'json' | undefined;
  /** Default: on a terminal, unless NO_COLOR is set. */
  readonly colors?: boolean | undefined;
  /** Default: the process's own. */
  readonly stream?: (Writable & { isTTY?: boolean }) | undefined;
}

/**
 * Prints events. When the reader goes away (EPIPE, as under `| head`) the rest is swallowed quietly. An event that
 * is written twice is printed twice.
 */
export async function createStdout(options: StdoutOptions, context: SinkContext): Promise<Sink> {
  return new StdoutSink(options, context);
}

class StdoutSink implements Sink {
  readonly name: string;
  readonly #stream: Writable & { isTTY?: boolean };
  readonly #beforePrint: () => void;
  readonly #toText: (events: readonly Appearance[]) => string;
  readonly #onError: (error: Error) => void;
  #readerGone = false;

  constructor(options: StdoutOptions, context: SinkContext) {
    this.name = context.name ?? 'stdout';
    this.#stream = options.stream ?? process.stdout;
    this.#beforePrint = context.beforePrint ?? (() => undefined);
    const colors = pc.createColors(options.colors ?? wantsColors(this.#stream));
    this.#toText =
      options.format === 'json'
        ? (events) => events.map((event) => `${JSON.stringify(event)}\n`).join('')
        : (events) => events.map((event) => humanLine(event, colors)).join('');
    // A broken pipe is told by this event even when a write's own callback has told it.
    this.#onError = (error) => {
      if (errnoCode(error) === 'EPIPE') this.#readerGone = true;
    };
    this.#stream.on('error', this.#onError);
  }

  async write(events: readonly Appearance[]): Promise<void> {
    const text = this.#toText(events);
    if (text === '' || this.#readerGone) return;
    this.#beforePrint();
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(text, (error) => {
        if (!error || errnoCode(error) === 'EPIPE') {
          if (error) this.#readerGone = true;
          resolve();
        } else {
          reject(
            new SinkError('The events cannot be printed', {
              scope: errnoCode(error) === 'ENOSPC' ? 'retry' : 'sink',
              value: errnoCode(error) ?? error.message,
              cause: error,
            }),
          );
        }
      });
    });
  }

  /** The stream is the process's and stays open; so does the handler, since a late EPIPE must not end the process. */
  async close(): Promise<void> {
    if (this.#stream !== process.stdout) this.#stream.off('error', this.#onError);
  }
}

function wantsColors(stream: { isTTY?: boolean }): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}

/** One line for a person; empty for revisions in between. */
export function humanLine(event: Appearance, colors: ReturnType<typeof pc.createColors>): string {
  if (event.state === 'ongoing') return '';
  const label = event.label.padEnd(12);
  const share = (area: number) => `${(area * 100).toFixed(area < 0.0995 ? 1 : 0)} % of the picture`;
  if (event.state === 'started') {
    const head = `${clockTime(event, 'start')}  ${colors.green('+')} ${colors.bold(label)} ${colors.dim('on')} ${event.streamId}`;
    return `${head}  ${colors.dim(`score ${event.score.toFixed(2)}, ${share(event.areaMean)}`)}\n`;
  }
  const seconds = ((event.endPtsMs - event.startPtsMs) / 1000).toFixed(1);
  const seen = `${seconds} s, seen ${(event.exposureMs / 1000).toFixed(1)} s, ${share(event.areaMean)}`;
  const reason = event.endReason === null || event.endReason === 'gone' ? '' : `, ${event.endReason}`;
  return `${clockTime(event, 'end')}  ${colors.red('-')} ${colors.bold(label)} ${colors.dim('on')} ${event.streamId}  ${seen}${colors.dim(reason)}\n`;
}

/** Time of day (UTC), or the place in the file where there is no clock. */
function clockTime(event: Appearance, which: 'start' | 'end'): string {
  if (event.clock !== 'file') return (which === 'start' ? event.startTime : event.endTime).slice(11, 21);
  const tenths = Math.round((which === 'start' ? event.startPtsMs : event.endPtsMs) / 100);
  const two = (n: number) => String(n).padStart(2, '0');
  const seconds = Math.floor(tenths / 10);
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${tenths % 10}`;
}
