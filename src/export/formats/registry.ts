/** @file The formats that td exports to: one line each, the default first. */
import { Registry } from '../../registry.ts';
import { encodeOnnx } from './onnx.ts';
import { pytorch } from './pytorch.ts';
import { safetensors } from './safetensors.ts';
import { tfjs } from './tfjs.ts';
import type { ExportFormat } from './types.ts';

const onnx: ExportFormat = {
  name: 'onnx',
  summary: 'for onnxruntime and whatever else reads ONNX (opset 18)',
  extension: '.onnx',
  layout: 'batch, channels, height, width',
  encode: (network, metadata) => [{ name: 'network.onnx', bytes: encodeOnnx(network, metadata) }],
};

export const formats = new Registry<ExportFormat>('format', [onnx, safetensors, tfjs, pytorch]);
