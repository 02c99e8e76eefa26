import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';

export interface MemberClaim {
  readonly memberId: string;
  /** What it holds at present. */
  readonly owned: readonly number[];
}

/** A partition with nothing in it counts as well, so that what comes later is spread too. */
const WEIGHT_UNIT = 1_000;

/**
 * Shares partitions so that all members carry about the same weight, and moves as few as that takes: what runs on a
 * member goes on running there.
 */
export function shareOut(
  members: readonly MemberClaim[],
  partitions: readonly number[],
  weightOf: (partition: number) => number,
): Map<string, number[]> {
  const weigh = (p: number) => WEIGHT_UNIT * weightOf(p) + 1;
  const shares = [...members]
    .sort((a, b) => (a.memberId < b.memberId ? -1 : 1))
    .map(({ memberId }) => ({ memberId, partitions: new Set<number>(), weight: 0 }));
  type Share = (typeof shares)[number];
  const add = (share: Share, p: number) => {
    share.partitions.add(p);
    share.weight += weigh(p);
  };
  const free = new Set(partitions);
  for (const share of shares)
    for (const p of members.find((m) => m.memberId === share.memberId)?.owned ?? [])
      if (free.delete(p)) add(share, p);
  const lightest = () => shares.reduce((a, b) => (b.weight < a.weight ? b : a));
  for (const p of [...free].sort((a, b) => weigh(b) - weigh(a) || a - b)) add(lightest(), p);
  for (;;) {
    const heaviest = shares.reduce((a, b) => (b.weight > a.weight ? b : a));
    const light = lightest();
    // The largest that leaves the two nearer to each other than they were.
    const [move] = [...heaviest.partitions]
      .filter((p) => weigh(p) < heaviest.weight - light.weight)
      .sort((a, b) => weigh(b) - weigh(a) || a - b);
    if (move === undefined) break;
    heaviest.partitions.delete(move);
    heaviest.weight -= weigh(move);
    add(light, move);
  }
  return new Map(shares.map((s) => [s.memberId, [...s.partitions].sort((a, b) => a - b)]));
}

export interface StickyOptions {
  readonly topic: string;
  /** What this member holds now. */
  readonly owned: () => readonly number[];
  /** How much a partition has to carry; asked of the member that leads. */
  readonly weightOf: (partition: number) => number;
}

const NAME = 'logowatch-sticky';
const VERSION = 0;

/** For a group with one topic; kafkajs itself has round robin alone, which moves most partitions whenever somebody comes or goes. */
export function stickyAssigner({ topic, owned, weightOf }: StickyOptions): PartitionAssigner {
  const { MemberMetadata, MemberAssignment } = AssignerProtocol;
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: MemberMetadata.encode({
        version: VERSION,
        topics,
        userData: Buffer.from(JSON.stringify(owned())),
      }),
    }),
    assign: async ({ members }) => {
      const claims = members.map(({ memberId, memberMetadata }) => ({
        memberId,
        owned: claimed(MemberMetadata.decode(memberMetadata)?.userData),
      }));
      const partitions = cluster.findTopicPartitionMetadata(topic).map((p) => p.partitionId);
      return [...shareOut(claims, partitions, weightOf)].map(([memberId, share]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: VERSION,
          assignment: { [topic]: share },
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}

function claimed(userData: Buffer | undefined): number[] {
  try {
    const value: unknown = JSON.parse(userData?.toString() ?? '[]');
    return Array.isArray(value) ? value.filter((p) => Number.isInteger(p)) : [];
  } catch {
    return [];
  }
}
