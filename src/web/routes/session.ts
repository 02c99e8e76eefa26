import { z } from 'zod';
import { ROLES } from '../config.js';
import { type Operation, operation } from '../operation.js';
import type { WebState } from '../state.js';

export function sessionOperations({ labels, store }: WebState, version: string): Operation[] {
  return [
    operation({
      method: 'get',
      path: '/api/session',
      role: 'viewer',
      summary: 'Who asks, and what there is to ask for',
      answer: {
        description: 'The role of the token; brands that the model knows, and those that were ever seen',
        schema: z.object({
          role: z.enum(ROLES),
          version: z.string(),
          labels: z.array(z.string()),
          seen: z.array(z.string()),
        }),
      },
      handle: async ({ role }) => {
        const seen = (await store.brands()).map(({ name }) => name);
        return { role, version, labels: [...labels()], seen };
      },
    }),
  ];
}
