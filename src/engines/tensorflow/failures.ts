/** @file What TensorFlow throws while it computes, in a sentence. */
import { messageOf } from '../../errors.ts';
import { DeviceError } from '../device-error.ts';

const MEMORY = /\bOOM\b|RESOURCE_EXHAUSTED|ResourceExhausted|out of memory|bad_alloc/i;
const CARD =
  /CUDA_ERROR|cudaError|CUDNN_STATUS|CUBLAS_STATUS|device kernel image|illegal memory access|GPU sync failed/i;

/** What the native module and TensorFlow say before and after the reason. */
const CIRCUMSTANCES = /^Session fail to run with error: |\n[\s\S]*$/g;

/** @param error as the native module threw it */
export function toDeviceError(error: unknown): DeviceError {
  const message = messageOf(error);
  const cause = message.replace(CIRCUMSTANCES, '').trim().replace(/\.$/, '');
  if (MEMORY.test(message))
    return new DeviceError(`out of memory: ${cause}; a smaller model or schedule.batchSize needs less`);
  if (CARD.test(message))
    return new DeviceError(
      `the graphics card failed: ${cause}; the same command goes on from the last checkpoint`,
    );
  return new DeviceError(`TensorFlow failed: ${cause}; --engine onnx does without it`);
}
