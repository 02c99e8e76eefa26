import type { Detection } from '../../core/detection.js';
import { iou } from '../../core/geometry.js';

/** From this overlap on two detections are of one mark. */
const SAME_MARK_IOU = 0.4;
/** Odds of one brand being in a picture, as in the models' scores. */
const PRIOR_ODDS = 0.01;
/** A rival that is more likely there than not takes the confidence. */
const CONFIDENT_DISCOUNT_MAX = Math.log(2);

/**
 * A mark is of one brand at most. Where detections of several brands lie on one mark, what speaks against each is not
 * only that nothing is there, but that another brand is: llr - ln(1 + sum of prior odds * e^llr of the others).
 * Without it the marks of one brand are the best look-alikes of the next.
 */
export function discountRivals(detections: readonly Detection[]): readonly Detection[] {
  if (detections.every((d) => d.label === detections[0]!.label)) return detections;
  return detections.map((detection) => {
    let against = 1;
    for (const other of detections) {
      if (other.label === detection.label || iou(other.box, detection.box) < SAME_MARK_IOU) continue;
      against += PRIOR_ODDS * Math.exp(other.llr);
    }
    if (against === 1) return detection;
    const discount = Math.log(against);
    const odds = detection.score / (1 - detection.score) / against;
    return {
      ...detection,
      llr: detection.llr - discount,
      score: Number.isFinite(odds) ? odds / (1 + odds) : detection.score,
      confident: detection.confident && discount < CONFIDENT_DISCOUNT_MAX,
    };
  });
}
