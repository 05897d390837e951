/** @file Arrays as tensors of onnxruntime, by the names under which graphs take and return them. */
import type { ArrayData, ArraySpec, NamedArrays, NamedSpecs } from '../../arrays.ts';
import { FEED, FETCH, NEXT } from '../../compiler/trace-step.ts';
import { orThrow } from '../../lookup.ts';
import { ort } from './runtime.ts';

export type Tensors = Record<string, ort.Tensor>;

export function toTensor(data: ArrayData, { shape, dtype }: ArraySpec): ort.Tensor {
  // Each element type has a constructor of its own in onnxruntime's types, and a choice of them has none.
  return new ort.Tensor(dtype, data as Float32Array, shape);
}

export function toTensors(arrays: NamedArrays, specs: NamedSpecs, prefix = ''): Tensors {
  const entries = Object.entries(arrays).map(([name, data]) => {
    const spec = orThrow(specs[name], `the program has no array named ${name}`);
    return [prefix + name, toTensor(data, spec)] as const;
  });
  return Object.fromEntries(entries);
}

/** The feeds of a run, as a graph names them. */
export function feedTensors(feeds: NamedArrays, specs: NamedSpecs): Tensors {
  return toTensors(feeds, specs, FEED);
}

/** The numbers of a tensor that lies on the host. Graphs have no tensors of other types than arrays. */
export function dataOf({ data }: ort.Tensor): ArrayData {
  return data as ArrayData;
}

/** The numbers of tensors that lie on the host. */
export function arraysOf(tensors: Tensors): NamedArrays {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, dataOf(tensor)]));
}

/** The named entries, in the order of the names: for example of all tensors those that a session takes. */
export function pick<T>(entries: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(
    names.map((name) => [name, orThrow(entries[name], `there is nothing named ${name}`)]),
  );
}

export interface Results {
  /** The next state, without the prefix of its names. */
  readonly next: Tensors;
  readonly fetches: NamedArrays;
  /** What the graph hands to updates on the host. */
  readonly handed: Tensors;
}

/** What a run of a step returned, by what becomes of it. */
export function sortResults(outputs: Tensors): Results {
  const next: Tensors = {};
  const fetches: NamedArrays = {};
  const handed: Tensors = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    if (name.startsWith(NEXT)) next[name.slice(NEXT.length)] = tensor;
    else if (name.startsWith(FETCH)) fetches[name.slice(FETCH.length)] = dataOf(tensor);
    else handed[name] = tensor;
  }
  return { next, fetches, handed };
}
