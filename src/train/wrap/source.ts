import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { errnoCode, LogowatchError } from '../../core/errors.js';
import type { ForeignFiles } from '../../infer/foreign/foreign.js';
import { isGraphModel, parseTfjsModel } from '../../infer/foreign/tfjs-files.js';

/** What other files are, and what makes one of ours of them. */
const CONVERT: Readonly<Record<string, string>> = {
  '.h5': 'Convert the Keras file to ONNX',
  '.keras': 'Convert the Keras file to ONNX',
  '.pb': 'Convert the SavedModel to ONNX',
  '.pt': 'Export the PyTorch network to ONNX',
  '.pth': 'Export the PyTorch network to ONNX',
  '.tflite': 'Convert the TFLite file to ONNX',
};

/**
 * Reads the user's network: an ONNX file, or a TensorFlow.js model by its JSON or its folder.
 * Errors: usage for other formats, model-missing, model-damaged.
 */
export async function readForeignSource(path: string): Promise<ForeignFiles> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw missing(path, cause);
  });
  const file = facts.isDirectory() ? join(path, 'model.json') : path;
  const extension = extname(file).toLowerCase();
  if (extension === '.onnx') return { kind: 'onnx', main: await read(file), parts: new Map() };
  if (extension !== '.json')
    throw new LogowatchError('usage', 'Neither ONNX nor TensorFlow.js', {
      value: basename(path),
      remedy: `${CONVERT[extension] ?? 'Name an .onnx file or the model.json of TensorFlow.js'}: docs/your-own-model.md`,
    });
  const main = await read(file);
  const model = parseTfjsModel(main, file);
  const parts = new Map<string, Uint8Array>();
  for (const name of model.weightsManifest.flatMap((g) => g.paths)) {
    parts.set(name, await read(join(dirname(file), name)));
  }
  return { kind: isGraphModel(model) ? 'tfjs-graph' : 'tfjs-layers', main, parts };
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw missing(file, cause);
  }
}

function missing(file: string, cause?: unknown): LogowatchError {
  const none = cause === undefined || errnoCode(cause) === 'ENOENT';
  return new LogowatchError('model-missing', none ? 'A file of the network is missing' : 'Cannot be read', {
    value: file,
    remedy: 'Name an .onnx file, or the model.json of a TensorFlow.js model with its weights beside it',
    cause,
  });
}

/** Labels in the order of the network's outputs: a file with one a line, or a list with commas. */
export async function readLabels(given: string): Promise<string[]> {
  const isFile = await stat(given).then(
    (s) => s.isFile(),
    () => false,
  );
  if (!isFile && /\.(txt|names|csv)$/i.test(given)) throw missing(given);
  const text = isFile ? await readFile(given, 'utf8') : given.split(',').join('\n');
  const labels = text.split(/\r?\n/).map((l) => l.trim());
  while (labels.at(-1) === '') labels.pop();
  const wrong = labels.find((l, i) => l === '' || labels.indexOf(l) !== i);
  if (labels.length === 0 || wrong !== undefined)
    throw new LogowatchError('usage', 'A label is empty or comes twice', {
      value: wrong ?? given,
      remedy: 'Give --labels one name a class, in the order of the outputs',
    });
  return labels;
}
