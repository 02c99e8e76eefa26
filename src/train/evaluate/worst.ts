import { type Answer, bestOf, isRight, topScore } from './answers.js';

/** Pictures in one list of errors. */
const MOST = 30;

export interface WorstErrors {
  /** Highest best score first; whoever reads them finds what a threshold would have to rise above. */
  readonly logoFree: readonly Answer[];
  readonly unknown: readonly Answer[];
  /** Pictures with a logo whose best score is another brand's, the most confident first. */
  readonly wrongBrand: readonly Answer[];
  /** Pictures with a logo, the lowest score of a right brand first. */
  readonly missed: readonly Answer[];
}

export interface ListedError {
  readonly file: string;
  /** What the best score is for, and which brands are in the picture. */
  readonly label: string | null;
  readonly score: number;
  readonly holds: readonly string[];
}

export function worstErrors(answers: readonly Answer[]): WorstErrors {
  const of = (kind: string): Answer[] => answers.filter((a) => a.picture.kind === kind);
  const falling = (list: Answer[]): Answer[] => list.sort((a, b) => topScore(b) - topScore(a)).slice(0, MOST);
  return {
    logoFree: falling(of('logo-free')),
    unknown: falling(of('unknown')),
    wrongBrand: falling(of('logo').filter((a) => !isRight(a))),
    missed: of('logo')
      .sort((a, b) => rightScore(a) - rightScore(b))
      .slice(0, MOST),
  };
}

/** The best score of a brand that is in the picture. */
export function rightScore(answer: Answer): number {
  return Math.max(0, ...answer.picture.labels.map((label) => bestOf(answer, label)?.score ?? 0));
}

export function listed(errors: WorstErrors): Record<keyof WorstErrors, ListedError[]> {
  const each = (answers: readonly Answer[]): ListedError[] =>
    answers.map((a) => ({
      file: a.picture.name,
      label: a.detections[0]?.label ?? null,
      score: topScore(a),
      holds: a.picture.labels,
    }));
  return {
    logoFree: each(errors.logoFree),
    unknown: each(errors.unknown),
    wrongBrand: each(errors.wrongBrand),
    missed: each(errors.missed),
  };
}
