import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { MemoryBus } from '../../src/bus/memory.js';
import { topics } from '../../src/bus/topics.js';
import type { Appearance } from '../../src/core/appearance.js';
import type { DetectionRecord } from '../../src/core/detection.js';
import { runSmoothing } from '../../src/infer/flow.js';
import type { SmoothingParameters } from '../../src/infer/smooth/parameters.js';
import { openDetector } from '../../src/infer/workers/pool.js';
import { scanDetections } from '../../src/pipeline.js';
import { PinoTelemetry } from '../../src/telemetry/telemetry.js';

/** Detections of a video by the ordinary ingest and detector, kept beside it so that reducers can be played again. */
export async function detectionsOf(
  video: string,
  model: string,
  kept: string,
): Promise<readonly DetectionRecord[]> {
  if (existsSync(kept)) return readKept(kept);
  const records: DetectionRecord[] = [];
  const out = createWriteStream(`${kept}.partial`);
  const detector = await openDetector(model);
  try {
    const { failures } = await scanDetections({
      streams: [{ streamId: 'broadcast', url: video }],
      detector,
      telemetry: new PinoTelemetry('error'),
      signal: new AbortController().signal,
      onRecord: (record) => {
        records.push(record);
        out.write(`${JSON.stringify(record)}\n`);
      },
    });
    if (failures[0] !== undefined) throw failures[0].error;
  } finally {
    await detector.close();
  }
  out.end();
  await finished(out);
  await rename(`${kept}.partial`, kept);
  return records;
}

async function readKept(file: string): Promise<DetectionRecord[]> {
  const records: DetectionRecord[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line !== '') records.push(JSON.parse(line) as DetectionRecord);
  }
  return records;
}

/** The ordinary smoothing stage over detections that are there already. */
export async function smooth(
  records: readonly DetectionRecord[],
  parameters: Partial<SmoothingParameters>,
): Promise<Appearance[]> {
  const bus = new MemoryBus();
  const events: Appearance[] = [];
  const telemetry = new PinoTelemetry('error');
  const feed = async () => {
    await bus.send(
      topics.detections,
      records.map((value) => ({ key: value.streamId, value })),
    );
    await bus.end(topics.detections);
  };
  const collect = async () => {
    for await (const batch of bus.subscribe(topics.appearances, { group: 'bench', maxRecords: 64 })) {
      events.push(...batch.records.map(({ value }) => value));
      await batch.commit();
    }
  };
  await Promise.all([runSmoothing({ bus, telemetry, parameters }), collect(), feed()]);
  await bus.close();
  return events;
}
