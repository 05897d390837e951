/** @file Lowering of the input gradient of a convolution that moves by larger steps, on blocked images. */
import type { Value } from '../../../compiler/graph.ts';
import { at } from '../../../lookup.ts';
import { emitBlocked, gatherRows } from './blocked.ts';
import type { ConvolutionCall } from './convolution-sizes.ts';
import type { Lowering } from './lowering.ts';

/** One axis of the gradient, split by the remainder of a pixel's place divided by the stride. */
interface Phases {
  readonly stride: number;
  /** Pixels of each phase. */
  readonly extent: number;
  /** Taps of the filters that all phases share. */
  readonly taps: number;
  /** Zeros around the output's gradient. */
  readonly before: number;
  readonly after: number;
  /** Tap of the convolution's filter at each place `phase · taps + tap`, or −1. */
  readonly sources: readonly number[];
}

/**
 * Pixels of the input that lie a whole stride apart are reached by the same taps of the filter: each such phase of the
 * gradient is a convolution of the output's gradient by single steps. All of them are computed at once, as so many times
 * more filters, and then interleaved.
 */
export function inputGradientByPhases(operation: ConvolutionCall, context: Lowering): boolean {
  const [dy, filter, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const { strides, dilations, pads } = operation.attributes;
  const fits = strides.some((stride) => stride > 1) && dilations.every((step) => step === 1);
  if (!fits || !context.canBlock(output) || !context.canBlock(dy)) return false;
  const axes = [0, 1].map((axis) =>
    phasesOf({
      stride: at(strides, axis),
      kernel: at(filter.shape, axis),
      pad: at(pads, axis),
      pixels: at(output.shape, axis + 1),
      positions: at(dy.shape, axis + 1),
    }),
  );
  const [rows, columns] = axes;
  if (rows === undefined || columns === undefined || rows.after < 0 || columns.after < 0) return false;
  const [batch = 1, , , channels = 1] = output.shape;
  const phases = rows.stride * columns.stride;
  const filters = phaseFilters(context.plain(filter), rows, columns, context);
  const gradients = emitBlocked(
    context,
    'Conv',
    [context.blocked(dy), filters],
    [batch, phases * channels, rows.extent, columns.extent],
    {
      kernel_shape: [rows.taps, columns.taps],
      pads: [rows.before, columns.before, rows.after, columns.after],
    },
  );
  context.setBlocked(output, interleave(gradients, output, rows, columns, context));
  return true;
}

/**
 * Pixel i = stride · q + phase is seen by tap k of the filter at position h if i = stride · h + k − pad, so with
 * k = stride · m + r at h = q + c − m, where r and c are remainder and quotient of (phase + pad) / stride.
 */
function phasesOf({
  stride,
  kernel,
  pad,
  pixels,
  positions,
}: Record<'stride' | 'kernel' | 'pad' | 'pixels' | 'positions', number>): Phases {
  const most = Math.ceil(kernel / stride);
  const [first, last] = [Math.floor(pad / stride), Math.floor((stride - 1 + pad) / stride)];
  const lowest = first - (most - 1);
  const taps = last - lowest + 1;
  const sources: number[] = [];
  for (let phase = 0; phase < stride; phase++) {
    const [quotient, remainder] = [Math.floor((phase + pad) / stride), (phase + pad) % stride];
    for (let tap = 0; tap < taps; tap++) {
      const m = quotient - (lowest + tap);
      const source = stride * m + remainder;
      sources.push(m >= 0 && source < kernel ? source : -1);
    }
  }
  const extent = Math.ceil(pixels / stride);
  return { stride, extent, taps, before: -lowest, after: extent + taps - 1 - positions + lowest, sources };
}

/** Blocked filters `[phases · in, out, taps, taps]`, with zeros where a phase has fewer taps. */
function phaseFilters(filter: Value, rows: Phases, columns: Phases, context: Lowering): Value {
  const [height = 1, width = 1, input = 1, output = 1] = filter.shape;
  const { block, builder } = context;
  const [taps, size] = [height * width, input * output];
  const flat = context.reshape(filter, [taps, size]);
  const pads = [0, 0, 1, 0];
  const withZeros = builder.emit('Pad', [flat], { shape: [taps + 1, size] }, { pads, value: 0 });
  const sources: number[] = [];
  for (let phase = 0; phase < rows.stride * columns.stride; phase++)
    for (let tap = 0; tap < rows.taps * columns.taps; tap++) {
      const row = at(
        rows.sources,
        Math.floor(phase / columns.stride) * rows.taps + Math.floor(tap / columns.taps),
      );
      const column = at(columns.sources, (phase % columns.stride) * columns.taps + (tap % columns.taps));
      sources.push(row < 0 || column < 0 ? taps : row * width + column);
    }
  const indices = builder.constant(Int32Array.from(sources), [sources.length], 'int32');
  const chosen = builder.emit('Gather', [withZeros, indices], { shape: [sources.length, size] }, { axis: 0 });
  const phases = rows.stride * columns.stride;
  const kernel = rows.taps * columns.taps;
  const parts = context.reshape(chosen, [phases, kernel, input / block, block, output / block, block]);
  const moved = context.transpose(parts, [0, 2, 4, 1, 5, 3]);
  return context.reshape(moved, [phases * input, output, rows.taps, columns.taps]);
}

/** Pixels of all phases, `[batch, phases · channels, …]` in blocks, at their places in the image. */
function interleave(
  gradients: Value,
  { shape: [batch = 1, height = 1, width = 1, channels = 1] }: Value,
  rows: Phases,
  columns: Phases,
  context: Lowering,
): Value {
  const { block } = context;
  const parts = channels / block;
  const pixels = rows.extent * columns.extent;
  const phases = rows.stride * columns.stride;
  const matrix = context.reshape(gradients, [batch * phases * parts * pixels, block]);
  const table = (): Int32Array => {
    const places = new Int32Array(batch * parts * height * width);
    let next = 0;
    for (let image = 0; image < batch; image++)
      for (let part = 0; part < parts; part++)
        for (let row = 0; row < height; row++)
          for (let column = 0; column < width; column++) {
            const phase = (row % rows.stride) * columns.stride + (column % columns.stride);
            const pixel =
              Math.floor(row / rows.stride) * columns.extent + Math.floor(column / columns.stride);
            places[next++] = ((image * phases + phase) * parts + part) * pixels + pixel;
          }
    return places;
  };
  const name = `phases ${[batch, parts, height, width, rows.stride, columns.stride]}`;
  return context.reshape(gatherRows(matrix, name, table, context), [batch, channels, height, width]);
}
