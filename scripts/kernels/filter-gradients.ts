/** @file Ways to compute the filter gradient of a 3×3 convolution from images and output gradients in blocks of 16. */
import type { Value } from '../../src/compiler/graph.ts';
import { filterGradientBlocked } from '../../src/engines/onnx/lower/blocked-filter-gradient.ts';
import { BLOCKED } from '../../src/engines/onnx/lower/lowering.ts';
import type { OnnxBuilder } from '../../src/engines/onnx/operators.ts';
import { differentiate, type Layer } from './convolutions.ts';
import type { Candidate } from './measure.ts';

const BLOCK = 16;
const OFFSETS = [0, 1, 2];

/** Operands `x` and `dy`: `[batch, channels, height, width]` in blocks. */
export function filterGradientCandidates(sizes: Layer): Readonly<Record<string, Candidate>> {
  const { batch, channels, extent } = sizes;
  const positions = batch * extent * extent;
  const shape = (rows: number, columns: number) => ({ shape: [rows, columns] });
  const both = OFFSETS.flatMap((row) => OFFSETS.map((column): Offset => [row, column]));
  const rowsOnly = OFFSETS.map((row): Offset => [row, 0]);
  const columnsOnly = OFFSETS.map((column): Offset => [0, column]);
  return {
    'patches of nine taps, Gemm with transposed patches': (builder, { x, dy }) => {
      const patches = gatherPatches(builder, x as Value, [1, 1], both, sizes);
      const gradient = gatherPatches(builder, dy as Value, [0, 0], [[0, 0]], sizes);
      const operands = [
        reshape(builder, patches, [positions, 9 * channels]),
        reshape(builder, gradient, [positions, channels]),
      ];
      return builder.emit('Gemm', operands, shape(9 * channels, channels), { transA: 1 });
    },
    'three columns × three rows, Gemm': (builder, { x, dy }) => {
      const columns = gatherPatches(builder, x as Value, [0, 1], columnsOnly, sizes);
      const rows = gatherPatches(builder, dy as Value, [1, 0], rowsOnly, sizes);
      const operands = [columns, rows].map((side) => reshape(builder, side, [positions, 3 * channels]));
      return builder.emit('Gemm', operands, shape(3 * channels, 3 * channels), { transA: 1 });
    },
    'three columns × three rows, a product an image': (builder, { x, dy }) => {
      const columns = gatherPatches(builder, x as Value, [0, 1], columnsOnly, sizes);
      const rows = gatherPatches(builder, dy as Value, [1, 0], rowsOnly, sizes);
      const split = [batch, extent * extent, 3 * channels];
      const turned = builder.emit(
        'Transpose',
        [reshape(builder, columns, split)],
        { shape: [batch, 3 * channels, extent * extent] },
        { perm: [0, 2, 1] },
      );
      const each = { shape: [batch, 3 * channels, 3 * channels] };
      const products = builder.emit('MatMul', [turned, reshape(builder, rows, split)], each);
      return builder.emit('ReduceSum', [products], shape(3 * channels, 3 * channels), {
        axes: [0],
        keepdims: 0,
      });
    },
    'convolution, images as its channels': differentiate(sizes, filterGradientBlocked),
    'for comparison: the convolution itself': (builder, { x }) => {
      const bank = [channels, channels, 3, 3];
      const weights = builder.constant(new Float32Array(channels * channels * 9).fill(0.01), bank, 'float32');
      const convolved = builder.emitIn(
        BLOCKED,
        'Conv',
        [x as Value, weights],
        { shape: [batch, channels, extent, extent] },
        { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
      );
      return builder.emitIn(BLOCKED, 'GlobalAveragePool', [convolved], { shape: [batch, channels, 1, 1] });
    },
  };
}

type Offset = readonly [row: number, column: number];

function reshape(builder: OnnxBuilder, value: Value, shape: readonly number[]): Value {
  return builder.emit('Reshape', [value], { shape });
}

/** Rows of 16 channels: for each position of each image, the pixels at some offsets, block by block. */
function gatherPatches(
  builder: OnnxBuilder,
  images: Value,
  [padRows, padColumns]: Offset,
  offsets: readonly Offset[],
  { batch, channels, extent }: Layer,
): Value {
  const [height, width, parts] = [extent + 2 * padRows, extent + 2 * padColumns, channels / BLOCK];
  const padded =
    padRows + padColumns === 0 ? images : pad(builder, images, [padRows, padColumns], height, width);
  const table = new Int32Array(batch * extent * extent * offsets.length * parts);
  let next = 0;
  for (let image = 0; image < batch; image++)
    for (let position = 0; position < extent * extent; position++)
      for (const [row, column] of offsets)
        for (let part = 0; part < parts; part++) {
          const pixel = (Math.floor(position / extent) + row) * width + (position % extent) + column;
          table[next++] = (image * parts + part) * height * width + pixel;
        }
  const rows = reshape(builder, padded, [batch * parts * height * width, BLOCK]);
  const indices = builder.constant(table, [table.length], 'int32');
  return builder.emit('Gather', [rows, indices], { shape: [table.length, BLOCK] }, { axis: 0 });
}

function pad(
  builder: OnnxBuilder,
  images: Value,
  [rows, columns]: Offset,
  height: number,
  width: number,
): Value {
  const [batch = 1, channels = 1] = images.shape;
  const ones = builder.constant(new Float32Array(channels).fill(1), [channels, 1, 1, 1], 'float32');
  const attributes = { group: channels, kernel_shape: [1, 1], pads: [rows, columns, rows, columns] };
  const shape = [batch, channels, height, width];
  return builder.emitIn(BLOCKED, 'Conv', [images, ones], { shape }, attributes);
}
