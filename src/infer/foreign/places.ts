import type { ContentRect } from '../../core/frame.js';
import type { Box } from '../../core/geometry.js';
import type { FeatureMaps } from '../engines/engine.js';
import { CROP_MARGIN } from '../network/crop.js';
import { distinct, placesOf } from '../network/places.js';
import { windowBoxes } from '../network/windows.js';

/** Places that are looked at whatever they show; in stills more, of those that look like some logo. */
const PLACES = 8;
const STILL_PLACES = 24;
const LOGO_MIN = -2;

/** Where a user's classifier looks. */
export interface LookedAt {
  /** Pixels of the picture. */
  readonly box: Box;
  /** See Candidate.window. */
  readonly window: boolean;
  /** Logit of being at some logo; of a window, for which it says nothing, 0. */
  readonly logo: number;
}

/** The whole picture and its most logo-like places; in stills its windows too. Those of a frame are among a still's. */
export function lookedAt(maps: FeatureMaps, content: ContentRect, thorough: boolean): LookedAt[] {
  const sorted = placesOf(maps, content).sort((a, b) => b.logo - a.logo);
  const places = distinct(sorted, thorough ? STILL_PLACES : PLACES).filter(
    ({ logo }, i) => i < PLACES || logo >= LOGO_MIN,
  );
  const windows = windowBoxes(content).slice(0, thorough ? undefined : 1);
  return [
    ...windows.map((box) => ({ box, window: true, logo: 0 })),
    ...places.map(({ box, logo }) => ({ box, window: false, logo })),
  ];
}

/** The box at which a network that looks with `margin` around it sees just the window. */
export function windowFor([x, y, width, height]: Box, margin: number): Box {
  const [w, h] = [(width * CROP_MARGIN) / margin, (height * CROP_MARGIN) / margin];
  return [x + (width - w) / 2, y + (height - h) / 2, w, h];
}
