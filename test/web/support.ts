import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LookedAt } from '../../src/bus/tapped.js';
import type { Appearance } from '../../src/core/appearance.js';
import type { Detection } from '../../src/core/detection.js';
import type { ExposureSettings } from '../../src/exposure/settings.js';
import { StreamControl } from '../../src/streams/control.js';
import { MemoryDirectory } from '../../src/streams/directory.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { webSchema } from '../../src/web/config.js';
import type { PageStore } from '../../src/web/page-store.js';
import { ReviewBook } from '../../src/web/review-book.js';
import { startWeb, type WebServer } from '../../src/web/server.js';
import { WebState } from '../../src/web/state.js';

const [WIDTH, HEIGHT] = [320, 180];

export interface TestServer {
  readonly url: string;
  readonly state: WebState;
  readonly telemetry: RecordingTelemetry;
  readonly folder: string;
  /** Streams that a node says it runs. */
  addStreams(ids: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** The real server on what a pipeline would tell it; nothing is watched. */
export async function startTestServer(
  config: object = {},
  store?: PageStore,
  exposure?: ExposureSettings,
): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'logowatch-web-'));
  const directory = new MemoryDirectory();
  const telemetry = new RecordingTelemetry();
  const status = (streamId: string) => ({
    ...{ streamId, state: 'running' as const, sinceMs: Date.now(), session: 's1', framesPerSecond: 5 },
    ...{ lastError: null, node: 'here', stale: false },
  });
  const control = new StreamControl({ directory, status, check: () => {} });
  const review = await ReviewBook.open(join(folder, 'review'));
  const labels = () => ['acme', 'globex'];
  const state = new WebState({ telemetry, control, review, labels, store, exposure });
  const server: WebServer = await startWeb({
    config: webSchema.parse({ listen: '127.0.0.1:0', ...config }),
    ...{ state, version: '1.2.3', node: 'here', configState: () => ({ loadedAt: null, error: null }) },
  });
  return {
    ...{ url: server.url, state, telemetry, folder },
    addStreams: async (ids) => {
      for (const id of ids)
        await directory.put({
          stream: { id, url: `rtsp://viewer:s3cret-pw@camera.example/${id}` },
          ...{ owner: null, paused: false, revision: '1' },
        });
    },
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** An event; `n` tells appearances and their times apart. */
export function appearance(n: number, more: Partial<Appearance> = {}): Appearance {
  const startMs = Date.now() - 60_000 + n * 100;
  const lengthMs = 4_000;
  return {
    ...{
      id: `appearance-${n}`,
      revision: 0,
      state: 'started',
      streamId: 'news',
      session: 's1',
      label: 'acme',
    },
    ...{ startPtsMs: n * 100, endPtsMs: n * 100 + lengthMs, clock: 'arrival', endReason: null },
    startTime: new Date(startMs).toISOString(),
    endTime: new Date(startMs + lengthMs).toISOString(),
    ...{ score: 0.9, meanScore: 0.8, box: [0.1, 0.2, 0.3, 0.3], firstBox: [0.1, 0.2, 0.3, 0.3] },
    ...{ meanBox: [0.1, 0.2, 0.3, 0.3], areaMean: 0.09, areaMax: 0.09, exposureMs: 3_000, coverage: 1 },
    ...{ frames: 20, modelId: 'm', modelHash: 'a'.repeat(64) },
    ...more,
  } as Appearance;
}

/** A frame of one colour with a magenta place, and what was found in it. */
export function lookedAt(
  { streamId, session, ptsMs, seq = 0 }: { streamId: string; session: string; ptsMs: number; seq?: number },
  detections: readonly Partial<Detection>[] = [{}],
): LookedAt {
  const data = new Uint8Array(WIDTH * HEIGHT * 3).fill(90);
  for (let y = 36; y < 90; y++) for (let x = 32; x < 128; x++) data.set([220, 20, 220], (y * WIDTH + x) * 3);
  const position = {
    streamId,
    session,
    ptsUs: ptsMs * 1000,
    wallTimeMs: Date.now(),
    clock: 'arrival' as const,
  };
  return {
    frame: {
      kind: 'frame',
      ...position,
      ...{ seq, arrivalMs: Date.now(), live: true, width: WIDTH, height: HEIGHT, format: 'rgb24', data },
      content: { x: 0, y: 0, width: WIDTH, height: HEIGHT },
    },
    found: {
      kind: 'detections',
      ...position,
      ...{ seq, ageMs: 100, shotCut: false, modelId: 'm', modelHash: 'a'.repeat(64) },
      detections: detections.map((d) => ({
        ...{ label: 'acme', score: 0.9, llr: 5, confident: true, box: [0.1, 0.2, 0.3, 0.3] as const },
        ...d,
      })),
    },
  };
}

/** An appearance of which a best frame is kept. */
export async function appear(
  state: WebState,
  n: number,
  more: Partial<Appearance> = {},
): Promise<Appearance> {
  const event = appearance(n, more);
  const { streamId, session, label, startPtsMs } = event;
  state.see(lookedAt({ streamId, session, ptsMs: startPtsMs + 500, seq: n }, [{ label }]));
  await state.sink().write([event]);
  return event;
}
