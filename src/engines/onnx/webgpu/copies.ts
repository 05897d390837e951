/** @file A model that only copies: with results on the device it takes arrays there, with results on the host it brings them back. */
import type { NamedSpecs } from '../../../arrays.ts';
import type { OnnxGraph } from '../operators.ts';

/** Prefix of the names of the results. */
export const COPY = 'copy/';

export function copyGraph(specs: NamedSpecs): OnnxGraph {
  const values = Object.entries(specs).map(([name, { shape, dtype }]) => ({
    name,
    value: { shape, type: dtype },
  }));
  const outputs = values.map(({ name, value }) => ({ name: COPY + name, value }));
  return { inputs: values, operations: [], outputs };
}
