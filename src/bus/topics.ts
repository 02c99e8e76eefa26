import type { Appearance } from '../core/appearance.js';
import type { DetectionRecord } from '../core/detection.js';
import type { FrameRecord } from '../core/frame.js';
import type { Topic } from './bus.js';

/** The way of the data. The key of every record is its stream id. */
export const topics = {
  frames: { name: 'frames' } as Topic<FrameRecord>,
  detections: { name: 'detections' } as Topic<DetectionRecord>,
  appearances: { name: 'appearances' } as Topic<Appearance>,
  /** What the temporal stage knows of each stream, the newest of each; nobody else reads it. */
  states: { name: 'states' } as Topic<unknown>,
} as const;

/** What is to be watched, by stream id, and what each node does of it: compacted, beside the way of the data. */
export const FLEET_TOPICS = { streams: 'streams', status: 'stream-status' } as const;
