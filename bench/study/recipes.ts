import { GENERATED, type GeneratedKind } from './generated.js';

/** Passes over the training crops. */
export const EPOCHS = 20;
export const SIZES = [30, 100, 300, 1000] as const;
/** Of the negatives that hold other logos besides scenes: the share of them that do. */
export const OTHER_SHARE = 0.2;

export type Score = 'probability' | 'logit' | 'energy' | 'neighbour' | 'mahalanobis';

/** A head: what it is trained on and how. Equal heads are trained once, whatever is read off them. */
export interface Head {
  readonly loss: 'softmax' | 'sigmoid';
  readonly hidden: number;
  readonly epochs: number;
  /** Pictures, or all there are. */
  readonly scenes: number | 'all';
  readonly other: number | 'all';
  readonly generated: readonly GeneratedKind[];
}

export type Section = 'closed' | 'reject' | 'unknown' | 'sigmoid' | 'generated' | 'detection';

export interface Recipe {
  readonly id: string;
  readonly title: string;
  readonly section: Section;
  readonly head: Head;
  readonly score: Score;
}

const CLOSED: Head = { loss: 'softmax', hidden: 0, epochs: EPOCHS, scenes: 0, other: 0, generated: [] };

function closed(): Recipe[] {
  const recipe = (id: string, title: string, head: Partial<Head>): Recipe => ({
    id,
    title,
    section: 'closed',
    head: { ...CLOSED, ...head },
    score: 'probability',
  });
  return [
    recipe('softmax', 'softmax, 12 classes: the recipe asked about', {}),
    recipe('softmax-x5', 'the same, trained 5 times as long', { epochs: 5 * EPOCHS }),
    recipe('softmax-x25', 'the same, trained 25 times as long', { epochs: 25 * EPOCHS }),
    recipe('softmax-hidden', 'with a hidden layer of 64, 5 times as long', {
      hidden: 64,
      epochs: 5 * EPOCHS,
    }),
  ];
}

function rejection(): Recipe[] {
  const kinds = [
    ['logit', 'greatest logit'],
    ['energy', 'energy'],
    ['neighbour', 'nearest training crop (cosine)'],
    ['mahalanobis', 'Mahalanobis distance to the nearest brand'],
  ] as const;
  return kinds.map(([score, title]) => ({ id: score, title, section: 'reject', head: CLOSED, score }));
}

/** How many scenes and how many photos of other logos make up `size` negatives. */
export function mixture(size: number): { scenes: number; other: number } {
  const other = Math.round(size * OTHER_SHARE);
  return { scenes: size - other, other };
}

function withNegatives(section: 'unknown' | 'sigmoid'): Recipe[] {
  const [loss, score] =
    section === 'unknown' ? (['softmax', 'probability'] as const) : (['sigmoid', 'logit'] as const);
  const recipe = (id: string, title: string, head: Pick<Head, 'scenes' | 'other'>): Recipe => ({
    id: `${section}-${id}`,
    title,
    section,
    head: { ...CLOSED, loss, ...head },
    score,
  });
  return [
    ...SIZES.map((n) => recipe(`scenes-${n}`, `${n} scenes`, { scenes: n, other: 0 })),
    recipe('scenes-all', 'all scenes', { scenes: 'all', other: 0 }),
    ...SIZES.map((n) => recipe(`mixed-${n}`, `${n}, a fifth of them other logos`, mixture(n))),
    recipe('mixed-all', 'all scenes and other logos', { scenes: 'all', other: 'all' }),
  ];
}

const NAMES: Record<GeneratedKind, string> = {
  noise: 'noise',
  shapes: 'shapes',
  text: 'text',
  patches: 'patches of other logos',
};

function generated(): Recipe[] {
  const recipe = (id: string, title: string, head: Partial<Head>): Recipe => ({
    id: `generated-${id}`,
    title,
    section: 'generated',
    head: { ...CLOSED, ...head },
    score: 'probability',
  });
  return [
    ...GENERATED.map((kind) => recipe(kind, `${NAMES[kind]} only`, { generated: [kind] })),
    recipe('four', 'all four', { generated: GENERATED }),
    recipe('four-300', 'all four and 300 real, a fifth other logos', {
      generated: GENERATED,
      ...mixture(300),
    }),
    recipe('four-all', 'all four and all real', { generated: GENERATED, scenes: 'all', other: 'all' }),
  ];
}

/** Everything but detection, in the order of the tables. */
export function recipes(): Recipe[] {
  return [
    ...closed(),
    ...rejection(),
    ...withNegatives('unknown'),
    ...withNegatives('sigmoid'),
    ...generated(),
  ];
}
