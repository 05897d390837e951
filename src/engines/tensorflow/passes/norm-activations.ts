/** @file Batch normalisation of a training with the ReLU behind it, and their gradient, as td's own kernels (native/norms.h). */
import { rewrite, type Value } from '../../../compiler/graph.ts';
import { rewriteJoining } from '../../../compiler/passes/uses.ts';
import { at } from '../../../lookup.ts';
import type { TensorflowGraph, TensorflowOperation } from '../kernels.ts';

/** A normalisation whose result ReLU alone takes. */
interface ActivatedNorm {
  readonly norm: TensorflowOperation;
  readonly relu: TensorflowOperation;
  /** Each with the gradient of ReLU before it. */
  readonly gradients: readonly {
    readonly ofNorm: TensorflowOperation;
    readonly ofRelu: TensorflowOperation;
  }[];
}

/**
 * Over a graph for a processor, after `batch-norms` and `relu-gradients`: images are gone through once less in the forward pass and once
 * less in the backward pass, and what is between normalisation and ReLU is kept nowhere.
 *
 * @param lanes channels must be multiples of this
 */
export function joinNormActivations(graph: TensorflowGraph, lanes: number): TensorflowGraph {
  return joinEvaluation(joinTraining(graph, lanes), lanes);
}

/** max(0, x · factor + shift), as normalisation by averages is written. */
function joinEvaluation(graph: TensorflowGraph, lanes: number): TensorflowGraph {
  return rewriteJoining(graph, ({ op, inputs: [activated], outputs: [output] }, builder, uses) => {
    const sum = op === 'Relu' && activated ? builder.producerOf(activated) : undefined;
    if (sum?.op !== 'Add' || !activated || !output || uses.of(activated) !== 1) return undefined;
    const [scaled, shift] = sum.inputs;
    const product = scaled && builder.producerOf(scaled);
    if (product?.op !== 'Multiply' || !scaled || !shift || uses.of(scaled) !== 1) return undefined;
    const [x, factor] = product.inputs;
    const channels = output.shape.at(-1) ?? 0;
    const isWhole = x?.shape.join() === output.shape.join() && output.type === 'float32';
    const areVectors = [factor, shift].every((value) => value?.shape.join() === String(channels));
    return isWhole && areVectors && channels % lanes === 0 && factor
      ? builder.emit('ScaleRelu', [x, factor, shift], output)
      : undefined;
  });
}

function joinTraining(graph: TensorflowGraph, lanes: number): TensorflowGraph {
  const finder = new Finder(graph);
  const found = graph.operations.flatMap((operation) => finder.activatedNorm(operation, lanes) ?? []);
  if (found.length === 0) return graph;
  const norms = new Map(found.map((one) => [at(one.norm.outputs, 0), one]));
  const relus = new Set(found.map(({ relu }) => at(relu.outputs, 0)));
  const gradients = new Map(
    found.flatMap((one) => one.gradients.map((pair) => [at(pair.ofNorm.outputs, 0), { ...pair, of: one }])),
  );
  return rewrite(graph, (operation, builder, translate) => {
    const original = at(operation.outputs, 0);
    const joined = norms.get(original);
    if (joined !== undefined && operation.op === 'FusedBatchNorm') {
      const { outputs, attributes, inputs } = operation;
      const [y, mean, variance, inverse] = outputs
        .slice(0, 4)
        .map(({ shape, type }): Value => ({ shape, type }));
      if (!y || !mean || !variance || !inverse) return undefined;
      const number = builder.constant(Float32Array.of(attributes.epsilon), [], 'float32');
      const made = [y, mean, variance, inverse];
      builder.append({ op: 'NormRelu', inputs: [...inputs, number], attributes: {}, outputs: made });
      // The first three are the kernel's; those that its gradient wants are no more.
      return [y, mean, variance, mean, inverse, inverse];
    }
    if (relus.has(original)) return operation.inputs;
    const gradient = gradients.get(original);
    if (gradient === undefined) return undefined;
    const dy = translate(at(gradient.ofRelu.inputs, 0));
    const [x, , shift] = gradient.of.norm.inputs.map(translate);
    const [, , scale, mean, inverse] = operation.inputs;
    const outputs = operation.outputs.map(({ shape, type }): Value => ({ shape, type }));
    const inputs = [dy, x, scale, shift, mean, inverse] as Value[];
    builder.append({ op: 'NormReluGradient', inputs, attributes: {}, outputs });
    return outputs;
  });
}

/** Recognises the pattern, by who makes which value and who uses it. */
class Finder {
  private readonly producers = new Map<Value, TensorflowOperation>();
  private readonly users = new Map<Value, TensorflowOperation[]>();
  private readonly returned: ReadonlySet<Value>;

  constructor(graph: TensorflowGraph) {
    this.returned = new Set(graph.outputs.map(({ value }) => value));
    for (const operation of graph.operations) {
      for (const output of operation.outputs) this.producers.set(output, operation);
      for (const input of new Set(operation.inputs)) {
        const known = this.users.get(input);
        if (known === undefined) this.users.set(input, [operation]);
        else known.push(operation);
      }
    }
  }

  activatedNorm(norm: TensorflowOperation, lanes: number): ActivatedNorm | undefined {
    const [result, , , ...reserved] = norm.outputs;
    if (norm.op !== 'FusedBatchNorm' || !result || (result.shape.at(-1) ?? 0) % lanes !== 0) return undefined;
    const relu = this.onlyUser(result);
    const activated = relu?.outputs[0];
    if (relu?.op !== 'Relu' || !activated) return undefined;
    const ofNorms = new Set(reserved.flatMap((value) => this.users.get(value) ?? []));
    const gradients = [...ofNorms].flatMap((ofNorm) => {
      const ofRelu = this.producers.get(at(ofNorm.inputs, 0));
      const isGradient =
        ofNorm.op === 'FusedBatchNormGrad' &&
        ofNorm.inputs[1] === norm.inputs[0] &&
        ofNorm.inputs[2] === norm.inputs[1] &&
        ofRelu?.op === 'ReluGrad' &&
        ofRelu.inputs[1] === activated;
      return isGradient ? [{ ofNorm, ofRelu }] : [];
    });
    // What is reserved for another kernel is not what the gradient here wants.
    return gradients.length === ofNorms.size ? { norm, relu, gradients } : undefined;
  }

  private onlyUser(value: Value): TensorflowOperation | undefined {
    const users = this.users.get(value) ?? [];
    return users.length === 1 && !this.returned.has(value) ? users[0] : undefined;
  }
}
