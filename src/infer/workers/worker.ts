/** A worker thread of a DetectorPool: one detector, one picture at a time, until the pool closes the port. */
import { parentPort, workerData } from 'node:worker_threads';
import { createDetector } from '../network-detector.js';
import { type Answer, IDLE, type Question, sentError, type WorkerStart } from './protocol.js';

const port = parentPort!;
const { folder, engine, state } = workerData as WorkerStart;
const answer = (value: Answer): void => {
  // Before the answer goes out: with it comes the next question.
  Atomics.store(state, 0, IDLE);
  Atomics.notify(state, 0);
  port.postMessage(value);
};

try {
  const detector = await createDetector(folder, { engine, threads: 1 });
  // ONNX Runtime takes no shared memory: a picture is copied once on its way in.
  let own = new Uint8Array(0);
  port.on('message', async (question: Question | 'close') => {
    if (question === 'close') {
      await detector.close();
      port.close();
      return;
    }
    try {
      const { picture, pixels, bytes, options } = question;
      if (own.length !== bytes) own = new Uint8Array(bytes);
      own.set(new Uint8Array(pixels, 0, bytes));
      const [detections] = await detector.detect([{ ...picture, data: own }], options);
      answer({ kind: 'found', detections: detections! });
    } catch (error) {
      answer({ kind: 'failed', error: sentError(error) });
    }
  });
  answer({ kind: 'ready', model: detector.model });
} catch (error) {
  answer({ kind: 'failed', error: sentError(error) });
}
