import type { Outgoing, Topic } from '../bus.js';
import type { SubscriptionContext } from './owners.js';
import type { Publication } from './partition.js';
import { encodeMessage } from './sender.js';

/**
 * A commit's outputs as messages. States lie in the partition of the same number as what they follow from, where the next owner
 * looks for them; the key decides for all else.
 */
export function publications(
  { wire, prefix }: Pick<SubscriptionContext, 'wire' | 'prefix'>,
  outputs: readonly Outgoing[],
  state: Topic<unknown> | undefined,
  partition: number,
): Promise<Publication[]> {
  return Promise.all(
    outputs.flatMap(({ topic, records }) => {
      const own = topic.name === state?.name ? { partition } : {};
      return records.map(async (record) => ({
        topic: prefix + topic.name,
        message: { ...(await encodeMessage(wire, topic, record)), ...own },
      }));
    }),
  );
}
