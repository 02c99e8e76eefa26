import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ForeignFiles } from '../../infer/foreign/foreign.js';
import type { FileReference } from '../../infer/manifest.js';
import { MANIFEST_FILE } from '../../infer/model/load.js';
import { removeOlder, stage } from '../../infer/model/save.js';
import { parseWrapped, type WrappedManifest } from '../../infer/model/wrapped.js';
import { sha256 } from '../../infer/network/files.js';
import type { Network } from '../../infer/network.js';
import { storageError } from '../storage-error.js';

export interface WrappedToSave {
  readonly manifest: Omit<WrappedManifest, 'head' | 'foreign'> & {
    readonly foreign: Pick<WrappedManifest['foreign'], 'input' | 'output'>;
  };
  readonly files: ForeignFiles;
  readonly head: Network | undefined;
}

/**
 * Copies the user's files into the folder, under names of their hashes, and makes them valid by the renaming of
 * model.json: at every moment the folder holds the old model or the new one, whole.
 */
export async function saveWrapped(folder: string, model: WrappedToSave): Promise<void> {
  const staging = join(folder, `.saving-${randomUUID()}`);
  const written: FileReference[] = [];
  const copy = async (extension: string, data: Uint8Array): Promise<FileReference> => {
    const hash = sha256(data);
    const file = `network-${hash.slice(0, 12)}.${extension}`;
    await writeFile(join(staging, file), data);
    await rename(join(staging, file), join(folder, file));
    written.push({ file, sha256: hash });
    return { file, sha256: hash };
  };
  try {
    await mkdir(staging, { recursive: true });
    const { kind, main, parts } = model.files;
    const references = [];
    for (const [name, data] of parts) references.push({ name, ...(await copy('bin', data)) });
    const foreign = {
      ...model.manifest.foreign,
      kind,
      main: await copy(kind === 'onnx' ? 'onnx' : 'json', main),
      parts: references,
    };
    const head = model.head && (await stage(staging, folder, 'head', model.head));
    const path = join(folder, MANIFEST_FILE);
    const manifest = parseWrapped({ ...model.manifest, foreign, ...(head && { head }) }, path);
    await writeFile(join(staging, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
    await rename(join(staging, MANIFEST_FILE), path);
    await removeOlder(folder, [...written, ...(head ? [head.layers, head.weights] : [])]);
  } catch (cause) {
    throw storageError(cause, folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
