import type { Part } from './part.js';
import { batch } from './parts/batch.js';
import { cost } from './parts/cost.js';
import { gpu } from './parts/gpu.js';
import { kafka } from './parts/kafka.js';
import { latency } from './parts/latency.js';
import { live } from './parts/live.js';
import { peers } from './parts/peers.js';
import { recognition } from './parts/recognition.js';
import { start } from './parts/start.js';

/** In the order of the page. */
export const PARTS: readonly Part[] = [recognition, cost, peers, live, latency, batch, start, kafka, gpu];
