import type { FfmpegBinary } from '../../src/ingest/ffmpeg/locate.js';
import { createSource } from '../../src/ingest/open.js';
import type { SourceSpec } from '../../src/ingest/source.js';
import { type StreamResult, superviseStream } from '../../src/ingest/supervisor.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { RecordingBus } from './recording-bus.js';

export interface Supervised {
  readonly bus: RecordingBus;
  readonly telemetry: RecordingTelemetry;
  readonly result: Promise<StreamResult>;
  /** Milliseconds of each wait before a retry, as it would have been. */
  readonly waits: number[];
  stop(): Promise<StreamResult>;
}

/** One stream under the real supervisor; waits before retries are cut to `retryMs`. */
export function supervise(
  url: string,
  ffmpeg: FfmpegBinary,
  options: Partial<SourceSpec> & { retryMs?: number; lateMsMax?: number } = {},
): Supervised {
  const { retryMs = 200, lateMsMax, ...rest } = options;
  const spec: SourceSpec = { streamId: 's', url, width: 160, height: 90, stallTimeoutMs: 2_500, ...rest };
  const bus = new RecordingBus();
  const telemetry = new RecordingTelemetry();
  const abort = new AbortController();
  const waits: number[] = [];
  const result = superviseStream(createSource(spec, { ffmpeg }), {
    spec,
    bus,
    telemetry,
    signal: abort.signal,
    ...(lateMsMax !== undefined && { lateMsMax }),
    sleep: async (ms, signal) => {
      waits.push(ms);
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, retryMs));
    },
  });
  // Rejections are for the test to look at, whenever it does.
  result.catch(() => {});
  return {
    bus,
    telemetry,
    result,
    waits,
    stop: () => {
      abort.abort();
      return result;
    },
  };
}
