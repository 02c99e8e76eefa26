import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import onnxProto from 'onnx-proto';
import { calibrate } from '../../../src/infer/engines/calibrate.js';
import { loadOnnxRuntime } from '../../../src/infer/engines/onnx.js';
import { lowerToInt8 } from '../../../src/infer/engines/onnx-int8.js';
import { randomPicture, smallNetwork, withFolder } from '../support.js';

test('ONNX Runtime fuses the model into integer kernels; only the outputs that nobody reads stay in float', async () => {
  const network = smallNetwork();
  const picture = { width: 77, height: 45, data: randomPicture(77, 45, 1) };
  const model = lowerToInt8(network, await calibrate(network, [picture]), 77, 45);
  await withFolder(async (folder) => {
    const file = join(folder, 'optimised.onnx');
    const session = await loadOnnxRuntime().InferenceSession.create(model, {
      graphOptimizationLevel: 'extended',
      optimizedModelFilePath: file,
      logSeverityLevel: 3,
    });
    await session.release();
    const { graph } = onnxProto.onnx.ModelProto.decode(await readFile(file));
    const count = (op: string) => graph?.node?.filter((n) => n.opType === op).length;
    assert.equal(count('QLinearConv'), 5);
    assert.equal(count('QLinearAdd'), 2);
    assert.equal(count('Conv'), 2);
    assert.equal(count('Clip'), 0);
    assert.equal(count('QuantizeLinear'), 0);
    // What the two float layers read.
    assert.equal(count('DequantizeLinear'), 2);
  });
});
