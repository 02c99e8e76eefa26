import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ForeignFiles } from '../../infer/foreign/foreign.js';
import type { FileReference } from '../../infer/manifest.js';
import { MANIFEST_FILE } from '../../infer/model/load.js';
import { parseWrapped, type WrappedManifest } from '../../infer/model/wrapped.js';
import { saveNetwork, sha256 } from '../../infer/network/files.js';
import type { Network } from '../../infer/network.js';
import { storageError, workFolder } from '../state.js';

export interface WrappedToSave {
  readonly manifest: Omit<WrappedManifest, 'head' | 'foreign'> & {
    readonly foreign: Pick<WrappedManifest['foreign'], 'input' | 'output'>;
  };
  readonly files: ForeignFiles;
  readonly head: Network | undefined;
}

/** Writes the folder beside its place, with a copy of the user's files, and then puts it there whole. */
export async function saveWrapped(output: string, model: WrappedToSave): Promise<void> {
  const staging = workFolder(output);
  const write = async (file: string, data: Uint8Array): Promise<FileReference> => {
    await writeFile(join(staging, file), data);
    return { file, sha256: sha256(data) };
  };
  try {
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { recursive: true });
    const { kind, main, parts } = model.files;
    const references: FileReference[] = [];
    for (const [name, data] of parts) references.push(await write(name, data));
    const foreign = {
      ...model.manifest.foreign,
      kind,
      main: await write(kind === 'onnx' ? 'network.onnx' : 'network-tfjs.json', main),
      parts: references,
    };
    const head = model.head && (await saveNetwork(model.head, staging, 'verify'));
    const manifest = { ...model.manifest, foreign, ...(head && { head }) };
    const path = join(staging, MANIFEST_FILE);
    await writeFile(path, `${JSON.stringify(parseWrapped(manifest, path), null, 2)}\n`);
    await rm(output, { recursive: true, force: true });
    await rename(staging, output);
  } catch (cause) {
    throw storageError(cause, output);
  }
}
