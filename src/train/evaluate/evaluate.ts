import { LogowatchError } from '../../core/errors.js';
import type { Detector } from '../../infer/detector.js';
import { type Answer, look } from './answers.js';
import type { EvalSummary } from './document.js';
import { type GatherOptions, gather } from './gather.js';
import { renderEvaluation } from './report.js';
import { summarise } from './summary.js';
import { type ListedError, listed, type WorstErrors, worstErrors } from './worst.js';

export interface EvalProgress {
  readonly phase: 'data' | 'compose' | 'look' | 'report';
  readonly done: number;
  readonly total: number;
}

export interface EvaluateOptions extends Omit<GatherOptions, 'onComposed'> {
  /** Brand -> the model's own threshold, where it is known: only to be shown. */
  readonly thresholds?: ReadonlyMap<string, number>;
  readonly onProgress?: (progress: EvalProgress) => void;
}

export interface Evaluation {
  readonly summary: EvalSummary & { readonly worst: Record<keyof WorstErrors, ListedError[]> };
  /** HTML */
  readonly report: string;
}

/**
 * Looks at a data set, at logo-free pictures and at unknown logos through the production path, and measures. Errors:
 * dataset-invalid, image-unreadable, usage; a single picture that cannot be decoded is left out and named instead.
 */
export async function evaluate(detector: Detector, options: EvaluateOptions): Promise<Evaluation> {
  const step = (phase: EvalProgress['phase'], done: number, total: number): void =>
    options.onProgress?.({ phase, done, total });
  step('data', 0, 1);
  const { model } = detector;
  const set = await gather(
    { ...options, onComposed: (done, total) => step('compose', done, total) },
    model.labels,
  );
  step('look', 0, set.pictures.length);
  const { answers, unreadable } = await look(detector, set.pictures, (done) =>
    step('look', done, set.pictures.length),
  );
  checkKinds(answers, unreadable);
  step('report', 0, 1);
  const thresholds = options.thresholds ?? new Map<string, number>();
  const judgement = summarise({ model, dataset: options.dataset, set, answers, unreadable, thresholds });
  const report = await renderEvaluation(judgement, answers);
  step('report', 1, 1);
  return { summary: { ...judgement.summary, worst: listed(worstErrors(answers)) }, report };
}

function checkKinds(answers: readonly Answer[], unreadable: readonly string[]): void {
  for (const kind of ['logo', 'logo-free', 'unknown'] as const) {
    if (answers.some((a) => a.picture.kind === kind)) continue;
    throw new LogowatchError('image-unreadable', `No ${kind} picture can be read`, {
      value: unreadable.at(0) ?? kind,
      remedy: 'Repair the pictures, or name other folders',
    });
  }
}
