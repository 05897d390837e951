/** @file A network as a safetensors file: kernels as td has them, whole or without their zeros, and the layers as JSON. */
import { encodeTensors, type Tensor } from '../../files/safetensors.ts';
import { at } from '../../lookup.ts';
import { arraysOf, channelsOf, type Layer, type Network } from '../network.ts';
import type { ExportFormat } from './types.ts';

/** Rows of a kernel whose numbers fit 16 bits. */
const MOST_SHORT_ROWS = 65_536;

/**
 * Names and shapes are those of td's checkpoints: `conv1/kernel` of `[height, width, in, out]`, `dense1/kernel` of `[in, out]`. The
 * metadata `layers` is a JSON list of the layers in their order, each with its inputs by name.
 *
 * A kernel without its zeros is three arrays, of the matrix whose rows are units and whose columns are all else (compressed sparse
 * rows): `values`, the entries that are not zero, unit after unit; `columns`, where in its row each stands, counted in the order of
 * the kernel's other axes; `starts`, where each unit begins in both, and at the end their length. `shape` in the layer is that of
 * the kernel.
 */
export const safetensors: ExportFormat = {
  name: 'safetensors',
  summary: "td's own names and layouts, with --sparse without zeros",
  extension: '.safetensors',
  storesSparse: true,
  layout: 'batch, height, width, channels',
  encode: (network, metadata, isSparse) => {
    const tensors = network.layers.flatMap((layer) => tensorsOf(layer, isSparse));
    const layers = JSON.stringify(describeLayers(network));
    return [{ name: 'network.safetensors', bytes: encodeTensors(tensors, { ...metadata, layers }) }];
  },
};

/** What a layer is, without its numbers. */
function describeLayers({ layers }: Network): object[] {
  return layers.map((layer) => {
    const { inputs, ...rest } = layer;
    const facts = Object.entries(rest).filter(([, value]) => !(value instanceof Float32Array));
    return { ...Object.fromEntries(facts), inputs: inputs.map(({ name }) => name) };
  });
}

function tensorsOf(layer: Layer, isSparse: boolean): Tensor[] {
  return arraysOf(layer).flatMap(({ role, shape, data }): Tensor[] => {
    const name = `${layer.name}/${role}`;
    const whole: Tensor = { name, dtype: 'F32', shape, data };
    if (!isSparse || role !== 'kernel') return [whole];
    const sparse = compress(name, data, channelsOf(layer));
    return bytesOf(sparse) < bytesOf([whole]) ? sparse : [whole];
  });
}

function bytesOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
}

/** @param kernel row-major, of `[everything else, units]` */
function compress(name: string, kernel: Float32Array, units: number): Tensor[] {
  const rows = kernel.length / units;
  const [values, columns, starts] = [[] as number[], [] as number[], [0]];
  for (let unit = 0; unit < units; unit++) {
    for (let row = 0; row < rows; row++) {
      const entry = at(kernel, row * units + unit);
      if (entry === 0) continue;
      values.push(entry);
      columns.push(row);
    }
    starts.push(values.length);
  }
  const isShort = rows <= MOST_SHORT_ROWS;
  return [
    { name: `${name}.values`, dtype: 'F32', shape: [values.length], data: Float32Array.from(values) },
    {
      name: `${name}.columns`,
      dtype: isShort ? 'U16' : 'I32',
      shape: [columns.length],
      data: isShort ? Uint16Array.from(columns) : Int32Array.from(columns),
    },
    { name: `${name}.starts`, dtype: 'I32', shape: [starts.length], data: Int32Array.from(starts) },
  ];
}
