import type { TrainProgress } from '../train/options.js';

export const TRAIN_TITLES: Record<TrainProgress['phase'], string> = {
  data: 'reading',
  features: 'composing frames',
  'held-out': 'composing held-out frames',
  head: 'training',
  calibrate: 'calibrating',
};
