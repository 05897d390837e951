/** @file The gradient of ReLU, dy · step(x), as TensorFlow's one kernel for it: one pass, and no array in between. */
import type { Graph } from '../../../compiler/graph.ts';
import { rewriteJoining } from '../../../compiler/passes/uses.ts';

/** Over a traced graph. */
export function joinReluGradients(graph: Graph): Graph {
  return rewriteJoining(graph, ({ op, inputs: [a, b], outputs: [output] }, builder) => {
    if (op !== 'Multiply' || !a || !b || output?.type !== 'float32') return undefined;
    for (const [dy, step] of [[a, b] as const, [b, a] as const]) {
      const producer = builder.producerOf(step);
      const [x] = producer?.inputs ?? [];
      if (producer?.op !== 'Step' || producer.attributes.alpha !== 0 || !x) continue;
      if (x.type !== 'float32' || x.shape.join() !== dy.shape.join()) continue;
      return builder.emit('ReluGrad', [dy, x], output);
    }
    return undefined;
  });
}
