/** @file A model that only copies: with results on the device it takes arrays there, with results on the host it brings them back. */
import { type Graph, GraphBuilder } from '../../../compiler/graph.ts';
import type { NamedSpecs } from '../../types.ts';

/** Prefix of the names of the results. */
export const COPY = 'copy/';

export function copyGraph(specs: NamedSpecs): Graph {
  const builder = new GraphBuilder();
  const values = Object.entries(specs).map(([name, { shape, dtype }]) => ({
    name,
    value: builder.input(shape, dtype),
  }));
  const outputs = values.map(({ name, value }) => ({ name: COPY + name, value }));
  return { inputs: values, operations: [], outputs };
}
