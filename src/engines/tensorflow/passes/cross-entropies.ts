/** @file Cross-entropy of logits, the right answers and the gradient, as td's one kernel for them (native/cross-entropy.h). */
import type { Value } from '../../../compiler/graph.ts';
import { rewriteJoining } from '../../../compiler/passes/uses.ts';
import { at } from '../../../lookup.ts';
import { getOrMake } from '../../../maps.ts';
import type {
  TensorflowBuilder,
  TensorflowGraph,
  TensorflowKernel,
  TensorflowOperation,
} from '../kernels.ts';

/** What the cross-entropy is of: logits `[batch, classes]` and labels `[batch]`. */
interface Classified {
  readonly logits: Value;
  readonly labels: Value;
}

/**
 * Over a graph for a processor: losses as src/training/loss.ts writes them, what of them is right, and their gradient where that of every loss weighs as much.
 */
export function joinCrossEntropies(graph: TensorflowGraph): TensorflowGraph {
  const known = new Map<Value, Map<Value, readonly Value[]>>();
  return rewriteJoining(graph, (operation, builder) => {
    const { op, inputs, outputs } = operation;
    const [output] = outputs;
    if (output === undefined) return undefined;
    switch (op) {
      case 'CrossEntropy': {
        const [logits, labels] = inputs as [Value, Value];
        getOrMake(known, logits, () => new Map()).set(labels, outputs);
        return undefined;
      }
      case 'Neg': {
        const terms = termsOf(at(inputs, 0), builder);
        return terms && made(terms, known, builder)[0];
      }
      case 'Cast': {
        const right = rightOf(at(inputs, 0), builder);
        return right && known.get(right.logits)?.get(right.labels)?.[1];
      }
      case 'Sub': {
        const gradient = gradientOf(inputs, builder);
        const [, , found] = (gradient && known.get(gradient.logits)?.get(gradient.labels)) ?? [];
        if (gradient === undefined || found === undefined) return undefined;
        const factor = builder.constant(Float32Array.of(-gradient.weight), [], 'float32');
        return builder.emit('Multiply', [found, factor], output);
      }
      default:
        return undefined;
    }
  });
}

/** The results of the kernel, which is emitted if it is not there yet. */
function made(
  { logits, labels }: Classified,
  known: Map<Value, Map<Value, readonly Value[]>>,
  builder: TensorflowBuilder,
): readonly Value[] {
  return getOrMake(
    getOrMake(known, logits, () => new Map()),
    labels,
    () => {
      const ofRow = (): Value => ({ shape: [...labels.shape], type: 'float32' });
      const outputs = [ofRow(), ofRow(), { shape: [...logits.shape], type: 'float32' } as const];
      builder.append({ op: 'CrossEntropy', inputs: [logits, labels], attributes: {}, outputs });
      return outputs;
    },
  );
}

/** Of Σ one-hot · log softmax. */
function termsOf(sum: Value, builder: TensorflowBuilder): Classified | undefined {
  const product = alongClasses('Sum', sum, builder);
  const [a, b] = (product && operandsOf('Multiply', product, builder)) ?? [];
  for (const [oneHot, logProbabilities] of [[a, b] as const, [b, a] as const]) {
    const labels = oneHot && labelsOf(oneHot, builder);
    const logits = logProbabilities && logitsOf(logProbabilities, builder);
    if (labels && logits && logits.shape.join() === oneHot.shape.join()) return { logits, labels };
  }
  return undefined;
}

/** x − max x − log Σ e^(x − max x) */
function logitsOf(logProbabilities: Value, builder: TensorflowBuilder): Value | undefined {
  const [shifted, logarithm] = operandsOf('Sub', logProbabilities, builder) ?? [];
  const [logits, largest] = (shifted && operandsOf('Sub', shifted, builder)) ?? [];
  const [total] = (logarithm && operandsOf('Log', logarithm, builder)) ?? [];
  const powers = total && alongClasses('Sum', total, builder);
  const isSoftmax =
    shifted !== undefined &&
    logits?.type === 'float32' &&
    logits.shape.length === 2 &&
    largest !== undefined &&
    alongClasses('Max', largest, builder) === logits &&
    powers !== undefined &&
    operandsOf('Exp', powers, builder)?.[0] === shifted;
  return isSoftmax ? logits : undefined;
}

/** Of 1 where a class is that of the label, else 0. */
function labelsOf(oneHot: Value, builder: TensorflowBuilder): Value | undefined {
  const [equal] = operandsOf('Cast', oneHot, builder) ?? [];
  const [column, classes] = (equal && operandsOf('Equal', equal, builder)) ?? [];
  const numbers = classes && builder.constantOf(classes);
  const isRange = numbers?.every((number, index) => Number(number) === index) ?? false;
  const [labels] = (column && operandsOf('ExpandDims', column, builder)) ?? [];
  const isColumn = labels?.shape.length === 1 && column?.shape.join() === `${labels.shape[0]},1`;
  const fits = oneHot.type === 'float32' && oneHot.shape.at(-1) === numbers?.length;
  return isRange && isColumn && fits && labels.type === 'int32' ? labels : undefined;
}

/** Of whether the largest logit is that of the label. */
function rightOf(equal: Value, builder: TensorflowBuilder): Classified | undefined {
  const [largest, labels] = operandsOf('Equal', equal, builder) ?? [];
  const found = largest && builder.producerOf(largest);
  const [logits] = found?.op === 'ArgMax' ? found.inputs : [];
  if (found?.op !== 'ArgMax' || !logits || found.attributes.axis !== logits.shape.length - 1)
    return undefined;
  return labels && labels.shape.join() === largest?.shape.join() ? { logits, labels } : undefined;
}

/** weight · one-hot − Σ(weight · one-hot) · softmax: the gradient, negative, where the weight is a number. */
function gradientOf(
  [weighted, product]: readonly Value[],
  builder: TensorflowBuilder,
): (Classified & { readonly weight: number }) | undefined {
  const [a, b] = (product && operandsOf('Multiply', product, builder)) ?? [];
  for (const [total, probabilities] of [[a, b] as const, [b, a] as const]) {
    if (!weighted || !total || !probabilities || alongClasses('Sum', total, builder) !== weighted) continue;
    const [logProbabilities] = operandsOf('Exp', probabilities, builder) ?? [];
    const logits = logProbabilities && logitsOf(logProbabilities, builder);
    const [c, d] = operandsOf('Multiply', weighted, builder) ?? [];
    for (const [weights, oneHot] of [[c, d] as const, [d, c] as const]) {
      const weight = weights && uniformOf(weights, builder);
      const labels = oneHot && labelsOf(oneHot, builder);
      if (logits && labels && weight !== undefined && logits.shape.join() === oneHot.shape.join())
        return { logits, labels, weight };
    }
  }
  return undefined;
}

/** The number that a constant holds everywhere, or a product of such constants. */
function uniformOf(value: Value, builder: TensorflowBuilder): number | undefined {
  const numbers = builder.constantOf(value);
  const [first] = numbers ?? [];
  if (numbers !== undefined) return numbers.every((number) => number === first) ? Number(first) : undefined;
  const [a, b] = (operandsOf('Multiply', value, builder) ?? []).map((factor) => uniformOf(factor, builder));
  return a === undefined || b === undefined ? undefined : Math.fround(a * b);
}

/** What is reduced along the classes of `[batch, classes]`. */
function alongClasses(op: 'Sum' | 'Max', value: Value, builder: TensorflowBuilder): Value | undefined {
  const operation = builder.producerOf(value);
  if (operation?.op !== op) return undefined;
  const [x] = operation.inputs;
  return x?.shape.length === 2 && operation.attributes.axes.join() === '1' ? x : undefined;
}

function operandsOf(
  op: TensorflowKernel,
  value: Value,
  builder: TensorflowBuilder,
): TensorflowOperation['inputs'] | undefined {
  const operation = builder.producerOf(value);
  return operation?.op === op ? operation.inputs : undefined;
}
