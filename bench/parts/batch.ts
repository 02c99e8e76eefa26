import { createEngine, type EngineOptions } from '../../src/infer/engines/create.js';
import { loadModel } from '../../src/infer/model/load.js';
import { randomPicture } from '../../test/infer/support.js';
import { bareNetwork, type Precision, precisionOf } from '../bare.js';
import { fixed, median, type Outcome, type Part } from '../part.js';
import { HEIGHT, WIDTH } from '../sampling.js';

const COUNTS = [1, 2, 4, 8] as const;

interface BatchTime {
  readonly engine: string;
  readonly count: number;
  /** Medians a picture, ms. */
  readonly ms: number;
  readonly bareMs: number | null;
}

/** Milliseconds a picture as batches grow, of every engine at hand. */
export const batch: Part = {
  name: 'batch',
  title: 'Batches',
  async run({ quick, model: folder, say }): Promise<Outcome> {
    const model = await loadModel(folder);
    const { ranges, means } = model.manifest;
    const rounds = quick ? 5 : 15;
    const pictures = Buffer.concat(
      Array.from({ length: COUNTS.at(-1)! }, (_, i) => randomPicture(WIDTH, HEIGHT, i)),
    );
    const times: BatchTime[] = [];
    const engines: (EngineOptions & { bare?: Precision })[] = [
      ...(precisionOf(model) === 'int8' ? [{ kind: 'onnx-int8' as const, bare: 'int8' as const }] : []),
      { kind: 'onnx-f32', bare: 'f32' },
      { kind: 'tfjs' },
    ];
    for (const { bare: precision, ...options } of engines) {
      const given = { ...options, threads: 1, ...(ranges && { ranges }), ...(means && { means }) };
      const engine = await createEngine(model.look, given);
      const bare = precision && (await bareNetwork(model, 'look', { precision }));
      say(`  ${engine.name}`);
      for (const count of COUNTS) {
        const data = pictures.subarray(0, count * WIDTH * HEIGHT * 3);
        const own: number[] = [];
        const limit: number[] = [];
        // By turns, and the first of each is not counted.
        for (let i = 0; i <= (bare ? rounds : 2); i++) {
          const [a, b] = [
            await msOf(() => engine.run({ data, count, width: WIDTH, height: HEIGHT })),
            bare && (await msOf(() => bare.run(data, count))),
          ];
          if (i === 0) continue;
          own.push(a / count);
          if (b !== undefined) limit.push(b / count);
        }
        times.push({ engine: engine.name, count, ms: median(own), bareMs: bare ? median(limit) : null });
      }
      await Promise.all([engine.close(), bare?.close()]);
    }
    return { section: { tables: [batchTable(times)], notes: [NOTE] }, raw: times };
  },
};

const NOTE =
  'Milliseconds a picture of 640x360, the first look, one thread (TensorFlow.js: as many as it takes); medians. In brackets bare ONNX Runtime on the same network, by turns with it, ' +
  'and the ratio. On processors a batch gains nothing with ONNX Runtime, so each picture goes its own way and waits for no other; batches are for GPUs and `tfjs-node`.';

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function batchTable(times: readonly BatchTime[]) {
  const engines = [...new Set(times.map((t) => t.engine))];
  const cell = (engine: string, count: number): string => {
    const time = times.find((t) => t.engine === engine && t.count === count);
    if (time === undefined) return '-';
    const { ms, bareMs } = time;
    return bareMs === null ? fixed(ms) : `${fixed(ms)} (${fixed(bareMs)}, ${fixed(ms / bareMs, 2)})`;
  };
  return {
    head: ['pictures a batch', ...COUNTS.map(String)],
    rows: engines.map((engine) => [engine, ...COUNTS.map((count) => cell(engine, count))]),
  };
}
