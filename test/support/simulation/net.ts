import type { SimCluster } from './cluster.js';
import type { SimGroup } from './group.js';

/** Groups of a cluster, by id. */
export type SimGroups = Map<string, SimGroup>;

export interface SimNet {
  readonly cluster: SimCluster;
  readonly groups: SimGroups;
  /** Where a key's records go. */
  readonly partitionOf: (key: string) => number;
}
