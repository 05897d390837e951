/** @file Arrays that are all multiplied by one number that a step computes, as td's one kernel for all of them: gradients that are clipped. */
import { rewrite, type Value } from '../../../compiler/graph.ts';
import { getOrMake } from '../../../maps.ts';
import type { TensorflowGraph } from '../kernels.ts';

interface Product {
  readonly array: Value;
  readonly number: Value;
  readonly result: Value;
}

/** Over a graph for a processor. */
export function joinScales(graph: TensorflowGraph): TensorflowGraph {
  const groups = findGroups(graph);
  const made = new Map<Value, Value>();
  return groups.size === 0
    ? graph
    : rewrite(graph, ({ outputs: [output] }, builder, translate) => {
        const group = output && groups.get(output);
        if (output === undefined || group === undefined) return undefined;
        if (!made.has(output)) {
          const outputs = group.map(({ result: { shape, type } }): Value => ({ shape, type }));
          const [{ number }] = group as [Product];
          const inputs = [...group.map(({ array }) => translate(array)), translate(number)];
          builder.append({ op: 'ScaleAll', inputs, attributes: {}, outputs });
          group.forEach(({ result }, index) => {
            made.set(result, outputs[index] as Value);
          });
        }
        return [made.get(output) as Value];
      });
}

/** By the result of each: the products with one number, of which there are several, and whose arrays are all there when the first is wanted. */
function findGroups(graph: TensorflowGraph): ReadonlyMap<Value, readonly Product[]> {
  const places = new Map<Value, number>();
  const known = new Set<Value>();
  const byNumber = new Map<Value, { readonly place: number; readonly products: Product[] }>();
  for (const [place, { op, inputs, outputs }] of graph.operations.entries()) {
    for (const output of outputs) {
      places.set(output, place);
      if (op === 'Constant') known.add(output);
    }
    const [result] = outputs;
    if (op !== 'Multiply' || result?.type !== 'float32') continue;
    for (const [array, number] of [inputs, inputs.toReversed()] as const) {
      const isNumber = number?.shape.length === 0 && !known.has(number) && places.has(number);
      if (!array || !number || !isNumber || array.shape.join() !== result.shape.join()) continue;
      if (array.shape.length === 0) continue;
      const group = getOrMake(byNumber, number, () => ({ place, products: [] }));
      if ((places.get(array) ?? -1) < group.place) group.products.push({ array, number, result });
      break;
    }
  }
  const groups = [...byNumber.values()].filter(({ products }) => products.length > 1);
  return new Map(groups.flatMap(({ products }) => products.map(({ result }) => [result, products] as const)));
}
