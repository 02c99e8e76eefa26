import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import { repoRoot } from '../core/root.js';

/** Adds what is known of the process itself: its build, whether it is ready, its memory, processor and event loop. */
export function measureProcess(registry: Registry, checks: () => Readonly<Record<string, boolean>>): void {
  const { version } = JSON.parse(readFileSync(join(repoRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  const registers = [registry];
  new Gauge({
    name: 'logowatch_build_info',
    help: 'Always 1; what runs is in the labels',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.versions.node }, 1);
  new Gauge({
    name: 'logowatch_ready',
    help: '1 where a check of /readyz holds',
    labelNames: ['check'],
    registers,
    collect() {
      for (const [check, holds] of Object.entries(checks())) this.set({ check }, holds ? 1 : 0);
    },
  });
  collectDefaultMetrics({ register: registry });
}
