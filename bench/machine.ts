import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { hasWideInt8 } from '../src/infer/engines/processor.js';
import type { FfmpegBinary } from '../src/ingest/ffmpeg/locate.js';

/** What figures hold for. */
export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryGb: number;
  /** Whether 8-bit products need no narrower weights: VNNI on x86-64. */
  readonly wideInt8: boolean;
  readonly system: string;
  readonly node: string;
  readonly ffmpeg: string;
  readonly onnxruntime: string;
}

const require = createRequire(import.meta.url);

export function thisMachine(ffmpeg: FfmpegBinary): Machine {
  const [line = ''] = spawnSync(ffmpeg.path, ['-version'], { encoding: 'utf8' }).stdout.split('\n');
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    wideInt8: hasWideInt8(),
    system: `${process.platform} ${release().split('-', 1)[0]} ${process.arch}`,
    node: process.versions.node,
    ffmpeg: /version (\S+)/.exec(line)?.[1] ?? 'unknown',
    onnxruntime: (require('onnxruntime-node/package.json') as { version: string }).version,
  };
}

export const sameMachine = (a: Machine, b: Machine): boolean => JSON.stringify(a) === JSON.stringify(b);

export function describeMachine(m: Machine): string {
  const wide = m.wideInt8 ? '8-bit products in full (VNNI, or ARM)' : 'no VNNI: 7-bit weights';
  return (
    `${m.processors} logical processors (${m.processor}; ${wide}), ${m.memoryGb} GiB, ${m.system}, ` +
    `Node ${m.node}, ffmpeg ${m.ffmpeg}, ONNX Runtime ${m.onnxruntime}`
  );
}
