import { LogowatchError } from '../core/errors.js';
import type { Detector } from '../infer/detector.js';
import { filesBelow, isPictureFile } from '../infer/picture-files.js';
import type { SourceSpec } from '../ingest/source.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Candidate } from './candidate.js';
import { Miner } from './miner.js';
import { lookAtPictures } from './pictures.js';
import { selectionLimits } from './select.js';
import { openOutput, writeResults } from './store.js';
import { isAddress, lookAtStream } from './stream.js';

const VIDEO = /\.(mp4|m4v|mov|mkv|webm|avi|ts|mts|m2ts|mpe?g|flv|wmv|ogv|3gp|m3u8)$/i;
/** How often the list and the page are brought up to date on the way: a crash costs no more. */
const SAVE_MS = 30_000;

export interface MineOptions {
  readonly detector: Detector;
  /** Videos, streams, pictures, or folders of videos and pictures; looked at in turn. */
  readonly inputs: readonly string[];
  /** A new or empty folder. */
  readonly output: string;
  /** Candidates kept. */
  readonly limit: number;
  /** Candidates under this score are left out, 0..1. */
  readonly minScore: number;
  /** Each stream or video ends after so much, milliseconds. */
  readonly lengthMsMax?: number | undefined;
  /** How videos and streams are read. */
  readonly source: Omit<SourceSpec, 'streamId' | 'url'>;
  readonly telemetry: Telemetry;
  /** Graceful stop: what was found so far is written. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: MineProgress) => void;
  /** An input or a picture that cannot be read; the others are gone on with. */
  readonly onFailure: (error: unknown) => void;
}

export interface MineProgress {
  readonly looked: number;
  readonly kept: number;
  /** The part under way, from 0: a video, a stream, or pictures that stand together. */
  readonly part: number;
  readonly parts: number;
}

export interface MineSummary {
  readonly candidates: readonly Candidate[];
  /** Pictures and frames looked at, and places in them that reached the score. */
  readonly looked: number;
  readonly detections: number;
}

/**
 * Looks through all inputs and writes candidates.jsonl, index.html and frames/. Errors: image-unreadable for a path
 * that is not there, before any work; usage, disk-full, engine-unavailable.
 */
export async function mine(options: MineOptions): Promise<MineSummary> {
  const { detector, output, limit, signal, onFailure, onProgress } = options;
  const parts = await partsOf(options.inputs);
  await openOutput(output);
  const miner = new Miner(output, selectionLimits(limit, detector.model.labels.length));
  let saved = { version: -1, atMs: performance.now() };
  const save = async () => {
    if (miner.version !== saved.version) await writeResults(output, miner.candidates);
    saved = { version: miner.version, atMs: performance.now() };
  };
  for (const [part, { files, url }] of parts.entries()) {
    if (signal.aborted) break;
    try {
      const looks =
        url === undefined
          ? lookAtPictures(files, { ...options, onUnreadable: onFailure })
          : lookAtStream({ ...options.source, url, streamId: `mine-${part + 1}` }, options);
      for await (const look of looks) {
        await miner.add(look);
        onProgress?.({ looked: miner.looked, kept: miner.kept, part, parts: parts.length });
        if (performance.now() - saved.atMs > SAVE_MS) await save();
      }
    } catch (error) {
      await save();
      if (!isOfInput(error)) throw error;
      onFailure(error);
    }
  }
  await save();
  return { candidates: miner.candidates, looked: miner.looked, detections: miner.detections };
}

/** Pictures that are looked at together, or one video or stream. */
interface Part {
  readonly files: string[];
  readonly url?: string;
}

async function partsOf(inputs: readonly string[]): Promise<Part[]> {
  const parts: Part[] = [];
  const add = (path: string) => {
    const last = parts.at(-1);
    if (!isPictureFile(path) || isAddress(path)) parts.push({ files: [], url: path });
    else if (last !== undefined && last.url === undefined) last.files.push(path);
    else parts.push({ files: [path] });
  };
  for (const input of inputs) {
    const below = isAddress(input) ? undefined : await filesBelow(input, isPictureOrVideo);
    if (below?.length === 0) {
      throw new LogowatchError('image-unreadable', 'The folder holds neither pictures nor videos', {
        value: input,
        remedy: 'Name a folder with some, or the files themselves',
      });
    }
    for (const path of below ?? [input]) add(path);
  }
  return parts;
}

function isPictureOrVideo(name: string): boolean {
  return isPictureFile(name) || VIDEO.test(name);
}

/** A fault of what was to be looked at, not of the machine that looks. */
function isOfInput(error: unknown): boolean {
  if (!(error instanceof LogowatchError)) return false;
  return error.code.startsWith('source-') || ['ffmpeg-unsupported', 'config-invalid'].includes(error.code);
}
