/** @file What goes wrong on a graphics card is one sentence, says what may help, and lets the run go on later. */
import { describe, expect, it } from 'vitest';
import { DeviceError } from '../../../../src/engines/device-error.ts';
import { toDeviceError } from '../../../../src/engines/onnx/webgpu/failures.ts';
import { describeFailure } from '../../../../src/terminal/failures.ts';

/** As onnxruntime words an array of 1,000 MiB where the limit of a binding is 128 MiB. */
const TOO_MANY_BUFFERS =
  "Non-zero status code returned while running Add node. Name:'Add 1' Status Message: /onnxruntime_src/onnxruntime/core/" +
  'providers/webgpu/shader_helper.cc:306 onnxruntime::webgpu::ShaderVariableHelper& onnxruntime::webgpu::ShaderHelper::' +
  'AddVariableImpl(bool, const std::string&) numbers_storage_buffers_ <= limits_.maxStorageBuffersPerShaderStage was false. ' +
  'Too many storage buffers in shader. Current: 24, Max is 16 ';

/** As onnxruntime 1.30 and the drivers word them. */
const MEMORY = [
  TOO_MANY_BUFFERS,
  'WebGPU device error(3): vkCreateBuffer failed with VK_ERROR_OUT_OF_DEVICE_MEMORY',
  'Non-zero status code returned while running Add node. Buffer size (5242880000) exceeds the max buffer size limit',
  'WebGPU validation failed. [Invalid Buffer (unlabeled)] is invalid due to a previous error.',
  'std::bad_alloc',
];
const LOST = [
  'WebGPU device lost (2): The device was lost',
  'vkQueueSubmit failed with VK_ERROR_DEVICE_LOST',
  'Failed to download data from buffer: mapping aborted',
  'DXGI_ERROR_DEVICE_REMOVED',
];

describe('a failure of a graphics card', () => {
  it.each(MEMORY)('is told as memory: %s', (message) => {
    const error = toDeviceError(new Error(message));
    expect(error.message).toMatch(
      /^out of memory on the graphics card: [^\n]+ a smaller model or schedule.batchSize/,
    );
  });

  it.each(LOST)('is told as a lost card, with the way to go on: %s', (message) => {
    const error = toDeviceError(new Error(message));
    expect(error.message).toMatch(
      /^the graphics card was lost while it computed: [^\n]+; the same command goes on from the last checkpoint$/,
    );
  });

  it('leaves out where in onnxruntime it happened', () => {
    expect(toDeviceError(new Error(TOO_MANY_BUFFERS)).message).toBe(
      'out of memory on the graphics card: Too many storage buffers in shader. Current: 24, Max is 16; ' +
        'a smaller model or schedule.batchSize needs less',
    );
  });

  it('is one line of any other, and not worded twice', () => {
    const error = toDeviceError(new Error('Non-zero status code\nreturned while running Foo node'));
    expect(error).toBeInstanceOf(DeviceError);
    expect(describeFailure(error)).toBe(
      'WebGPU failed: Non-zero status code returned while running Foo node; --device cpu does without it',
    );
    expect(toDeviceError(error)).toBe(error);
  });
});
