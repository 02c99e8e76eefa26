import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import type { Appearance } from '../../src/core/appearance.js';

export type Row = Record<string, string | number | Date | null>;

export const parquetFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.parquet'))
    .sort()
    .map((name) => join(folder, name));

export const journals = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith('journal-'));

export async function metadataOf(path: string): Promise<FileMetaData> {
  return parquetMetadataAsync(await asyncBufferFromFile(path));
}

export async function rowsOf(path: string): Promise<Row[]> {
  return (await parquetReadObjects({ file: await asyncBufferFromFile(path) })) as Row[];
}

/** The events of all files of a folder, by the order of the names. */
export async function eventsIn(folder: string): Promise<Appearance[]> {
  const files = await Promise.all(parquetFiles(folder).map(rowsOf));
  return files.flat().map(eventOf);
}

/** What a row says, as the event that it was. */
export function eventOf(row: Row): Appearance {
  const box = (name: string) => ['x', 'y', 'width', 'height'].map((side) => row[`${name}_${side}`]);
  const iso = (value: unknown) => (value as Date).toISOString();
  return {
    id: row.id,
    revision: row.revision,
    state: row.state,
    streamId: row.stream_id,
    session: row.session,
    label: row.label,
    startPtsMs: row.start_pts_ms,
    endPtsMs: row.end_pts_ms,
    startTime: iso(row.start_time),
    endTime: iso(row.end_time),
    clock: row.clock,
    endReason: row.end_reason,
    score: row.score,
    meanScore: row.mean_score,
    box: box('box'),
    firstBox: box('first_box'),
    meanBox: box('mean_box'),
    areaMean: row.area_mean,
    areaMax: row.area_max,
    exposureMs: row.exposure_ms,
    coverage: row.coverage,
    frames: row.frames,
    modelId: row.model_id,
    modelHash: row.model_hash,
  } as unknown as Appearance;
}
