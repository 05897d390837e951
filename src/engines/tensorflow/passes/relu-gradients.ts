/** @file The gradient of ReLU, dy · step(x), as TensorFlow's one kernel for it: one pass, and no array in between. */
import type { Value } from '../../../compiler/graph.ts';
import { rewriteJoining } from '../../../compiler/passes/uses.ts';
import { at } from '../../../lookup.ts';
import type { TensorflowGraph } from '../kernels.ts';

/**
 * Over a traced graph. The kernel asks where ReLU's result is above zero, if there is one: its operand need not be kept until then.
 */
export function joinReluGradients(graph: TensorflowGraph): TensorflowGraph {
  const activated = new Map<Value, Value>();
  for (const { op, inputs, outputs } of graph.operations)
    if (op === 'Relu') activated.set(at(inputs, 0), at(outputs, 0));
  return rewriteJoining(graph, ({ op, inputs: [a, b], outputs: [output] }, builder) => {
    if (op !== 'Multiply' || !a || !b || output?.type !== 'float32') return undefined;
    for (const [dy, step] of [[a, b] as const, [b, a] as const]) {
      const producer = builder.producerOf(step);
      const [x] = producer?.inputs ?? [];
      if (producer?.op !== 'Step' || producer.attributes.alpha !== 0 || !x) continue;
      if (x.type !== 'float32' || x.shape.join() !== dy.shape.join()) continue;
      return builder.emit('ReluGrad', [dy, activated.get(x) ?? x], output);
    }
    return undefined;
  });
}
