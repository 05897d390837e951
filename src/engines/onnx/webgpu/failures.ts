/** @file What onnxruntime and its drivers throw on a graphics card, in a sentence. */
import { messageOf } from '../../../errors.ts';
import { DeviceError } from '../../device-error.ts';

/**
 * How Vulkan, Direct3D, Metal and onnxruntime say that memory ran out. Too many or too large buffers mean the same: an array beyond
 * the card's limit is bound in several parts. "Invalid Buffer" is what is said where a buffer is used that could not be allocated.
 */
const MEMORY =
  /out.?of.?(device.?|host.?)?memory|OUT_OF_\w*MEMORY|Failed to allocate|\ballocation failed|bad_alloc|shader_helper\.cc|max\w*Buffer\w*Size|exceeds? the m?ax\w*|larger than the m?ax\w*|Too many (bindings|buffers|storage)|Invalid Buffer/i;

/** A driver that was reset, or a card that was taken away or has hung. */
const LOST =
  /device.{0,20}\blost\b|DEVICE_LOST|Failed to download data|MapAsync|mapping.{0,20}(aborted|failed)|DXGI_ERROR_DEVICE/i;

/** What onnxruntime says before the cause: the node of the graph, the line of its source, the condition that did not hold. */
const CIRCUMSTANCES = /^.*Status Message: |\S+\.(cc|h):\d+ [^\n]*? was false\.\s*/gs;

/** @param error as onnxruntime threw it */
export function toDeviceError(error: unknown): DeviceError {
  if (error instanceof DeviceError) return error;
  const message = messageOf(error);
  const cause = message.replace(CIRCUMSTANCES, '').trim().replace(/\.$/, '');
  if (LOST.test(message))
    return new DeviceError(
      `the graphics card was lost while it computed: ${cause}; the same command goes on from the last checkpoint`,
    );
  if (MEMORY.test(message))
    return new DeviceError(
      `out of memory on the graphics card: ${cause}; a smaller model or schedule.batchSize needs less`,
    );
  return new DeviceError(`WebGPU failed: ${cause}; --device cpu does without it`);
}
