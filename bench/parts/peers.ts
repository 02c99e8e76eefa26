import type { Outcome, Part } from '../part.js';

export const peers: Part = {
  name: 'peers',
  title: 'Peers',
  run: async (): Promise<Outcome> => ({ skipped: 'not written' }),
};
