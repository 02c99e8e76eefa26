import type { Outcome, Part } from '../part.js';

export const gpu: Part = {
  name: 'gpu',
  title: 'GPU',
  run: async (): Promise<Outcome> => ({ skipped: 'not written' }),
};
