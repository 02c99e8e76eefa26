import type { TrainProgress } from '../train/options.js';

export const TRAIN_TITLES: Record<TrainProgress['phase'], string> = {
  data: 'reading',
  features: 'composing frames',
  'held-out': 'composing held-out frames',
  photos: 'looking at photos',
  head: 'training',
  calibrate: 'calibrating',
};
