import { iou } from '../../core/geometry.js';
import { quantile } from '../metrics.js';
import { cosine, meanOfTop, type PlaceCandidate, spread } from './places.js';

/** Pictures that a picture is compared with. */
const OTHERS_MAX = 100;
/** Of them, those most alike whose mean counts: not every picture shows the same form of a logo. */
const SUPPORTERS = 5;
const ROUNDS = 3;
/** How much less a place speaks for others than the best of its picture, for each unit of score that it lies below. */
const DISTRUST = 1;
/** Worth of the network's own opinion that a place is some logo, and of each e-fold of size: pieces are alike too. */
const LOGO_WEIGHT = 0.4;
const SIZE_WEIGHT = 0.02;
/** Cosine of two whole pictures from which they are the same picture once more: that they agree says nothing. */
const SAME_PICTURE = 0.97;
/** Places that overlap no more are two things. */
const APART_IOU = 0.1;
/** Two things this near in score contend for a picture, unless they look alike. */
const CONTENDING = 0.03;
const ALIKE = 0.5;
/** Another place of the same logo: this near to the best in score. */
const AGAIN = 0.06;
/** A score under the brand's median by so many deviations is doubtful; deviations are at least the second value. */
const DEVIATIONS = 3;
const DEVIATION_MIN = 0.05;
/** A place that covers more of its picture is taken for the whole: a close-up. */
const CLOSE_UP_SHARE = 0.7;

export interface Choice {
  /** The places that show the logo, best first; the first is the best even where it is doubtful. */
  readonly places: readonly PlaceCandidate[];
  /** Likeness of the best to the brand's other pictures less that to the background, mean cosines. */
  readonly likeness: number;
  /** The same with the network's own opinion: by it the best was chosen. */
  readonly score: number;
  /** Why it should be looked at before it is learned from. */
  readonly doubt?: string;
}

type Places = readonly PlaceCandidate[];

/**
 * Finds what a brand's pictures have in common (co-localisation). A place scores by its mean cosine to the best places
 * of the brand's other pictures less that to the background bank; in each round the places that scored well speak
 * louder. `references` are embeddings known to be the logo, as of its art. Pictures that are one picture in two files
 * count once.
 */
export function colocalise(pictures: readonly Places[], references: readonly Float32Array[]): Choice[] {
  const groups = samePictures(pictures);
  const pictureCount = new Set(groups).size;
  if (pictureCount + references.length < 2) return pictures.map(lone);
  let scores = pictures.map((places) => places.map(() => 0));
  let likeness = scores;
  for (let round = 0; round < ROUNDS; round++) {
    const before = scores;
    likeness = pictures.map((places, i) => {
      const others = spread(
        [...groups.keys()].filter((j) => groups[j] !== groups[i]),
        OTHERS_MAX,
      );
      return places.map(({ embedding, background }) => {
        const support = [...supportOf(embedding, others, pictures, before, groups), ...known(embedding)];
        return meanOfTop(support, SUPPORTERS) - expected(background, SUPPORTERS / support.length);
      });
    });
    scores = pictures.map((places, i) => places.map((place, c) => likeness[i]![c]! + opinion(place)));
  }
  const best = scores.map((s) => Math.max(...s));
  const median = quantile(best, 0.5);
  const spreadOf = quantile(
    best.map((s) => Math.abs(s - median)),
    0.5,
  );
  const low = median - DEVIATIONS * Math.max(DEVIATION_MIN, 1.4826 * spreadOf);
  return pictures.map((places, i) => choose(places, scores[i]!, likeness[i]!, { median, low }));

  function known(embedding: Float32Array): number[] {
    return references.map((reference) => cosine(reference, embedding));
  }
}

/** The mean support that a place has from as many background pictures: of the same share of them, the most alike. */
function expected(background: Float64Array, share: number): number {
  const count = Math.max(1, Math.round(Math.min(1, share) * background.length));
  return background.subarray(0, count).reduce((a, b) => a + b, 0) / count;
}

/** For every group of the other pictures, how well its best place agrees. */
function supportOf(
  embedding: Float32Array,
  others: readonly number[],
  pictures: readonly Places[],
  scores: readonly (readonly number[])[],
  groups: readonly number[],
): number[] {
  const byGroup = new Map<number, number>();
  for (const j of others) {
    const top = Math.max(...scores[j]!);
    const most = pictures[j]!.reduce(
      (m, place, c) => Math.max(m, cosine(embedding, place.embedding) - DISTRUST * (top - scores[j]![c]!)),
      -1,
    );
    const group = groups[j]!;
    byGroup.set(group, Math.max(most, byGroup.get(group) ?? -1));
  }
  return [...byGroup.values()];
}

/** A number for each picture; pictures of one number are the same one, in a copy or another size. */
function samePictures(pictures: readonly Places[]): number[] {
  const groups: number[] = [];
  pictures.forEach((places, i) => {
    const own = places.at(-1)!.embedding;
    const twin = groups.findIndex((_, j) => cosine(pictures[j]!.at(-1)!.embedding, own) >= SAME_PICTURE);
    groups.push(twin < 0 ? i : groups[twin]!);
  });
  return groups;
}

function choose(
  places: Places,
  scores: readonly number[],
  likeness: readonly number[],
  { median, low }: { median: number; low: number },
): Choice {
  const order = [...places.keys()].sort((a, b) => scores[b]! - scores[a]!);
  const first = order[0]!;
  const [best, score] = [places[first]!, scores[first]!];
  const apart = order.filter((n) => !places[n]!.whole && iou(places[n]!.box, best.box) < APART_IOU);
  const near = (n: number, margin: number): boolean => scores[n]! > score - margin;
  const alike = (n: number): boolean => cosine(places[n]!.embedding, best.embedding) >= ALIKE;
  const chosen = asCloseUp(best, places);
  const again = chosen.whole ? [] : apart.filter((n) => near(n, AGAIN) && scores[n]! >= low && alike(n));
  const also = withoutOverlap(again.map((n) => places[n]!));
  const result = { places: [chosen, ...also], score, likeness: likeness[first]! };
  const figures = `${score.toFixed(2)}, half of the brand's pictures reach ${median.toFixed(2)}`;
  if (likeness[first]! <= 0)
    return { ...result, doubt: `nothing in it stands out from the background (${figures})` };
  if (score < low) return { ...result, doubt: `too little like the brand's other pictures (${figures})` };
  if (!chosen.whole && apart.some((n) => near(n, CONTENDING) && !alike(n)))
    return { ...result, doubt: 'two different things in it are equally like the other pictures' };
  return result;
}

/** Nothing to compare with: the place most like some logo, if there is one alone. */
function lone(places: Places): Choice {
  const order = [...places].sort((a, b) => b.logo - a.logo);
  const best = asCloseUp(order[0]!, places);
  const score = logistic(order[0]!.logo);
  const second = order.find((p) => !p.whole && iou(p.box, order[0]!.box) < APART_IOU);
  if (score > 0.5 && (best.whole || second === undefined || second.logo < order[0]!.logo - 1))
    return { places: [best], score, likeness: 0 };
  return {
    places: [best],
    score,
    likeness: 0,
    doubt: 'no other picture to compare it with, and more than one place may be the logo',
  };
}

function asCloseUp(best: PlaceCandidate, places: Places): PlaceCandidate {
  return best.share >= CLOSE_UP_SHARE ? places.at(-1)! : best;
}

function withoutOverlap(places: Places): PlaceCandidate[] {
  const kept: PlaceCandidate[] = [];
  for (const place of places) if (kept.every((k) => iou(k.box, place.box) < APART_IOU)) kept.push(place);
  return kept;
}

/** What the network alone thinks of a place. */
const opinion = ({ logo, share }: PlaceCandidate): number =>
  LOGO_WEIGHT * logistic(logo) + SIZE_WEIGHT * Math.log(Math.max(share, 1e-6));

const logistic = (logit: number): number => 1 / (1 + Math.exp(-logit));
