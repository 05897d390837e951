/** @file What TensorFlow throws is said in one sentence. */
import { expect, it } from 'vitest';
import { toDeviceError } from '../../../src/engines/tensorflow/failures.ts';

it.each([
  [
    'Session fail to run with error: OOM when allocating tensor with shape[128,64,32,32] and type float on /job:localhost/device:GPU:0 by allocator GPU_0_bfc\n\t [[{{node Conv2D}}]]\nHint: …',
    'out of memory: OOM when allocating tensor with shape[128,64,32,32] and type float on /job:localhost/device:GPU:0 by allocator GPU_0_bfc; a smaller model or schedule.batchSize needs less',
  ],
  [
    'Session fail to run with error: GPU sync failed: CUDA_ERROR_ILLEGAL_ADDRESS',
    'the graphics card failed: GPU sync failed: CUDA_ERROR_ILLEGAL_ADDRESS; the same command goes on from the last checkpoint',
  ],
  [
    'Session fail to run with error: GPU MaxPool gradient ops do not yet have a deterministic XLA implementation.\n\t [[{{node MaxPoolGrad_109}}]]',
    'TensorFlow failed: GPU MaxPool gradient ops do not yet have a deterministic XLA implementation; --engine onnx does without it',
  ],
])('%s', (thrown, sentence) => {
  expect(toDeviceError(new Error(thrown)).message).toBe(sentence);
});
