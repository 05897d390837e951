/** @file From a model and its numbers to the layers that an exported file describes, read off its recorded forward pass. */
import type * as tfjs from '@tensorflow/tfjs';
import { type NamedArrays, sizeOf } from '../arrays.ts';
import type { Value } from '../compiler/graph.ts';
import type { KernelGraph, KernelOperation } from '../compiler/kernels.ts';
import { trace } from '../compiler/trace/backend.ts';
import { UserError } from '../errors.ts';
import { at, orThrow } from '../lookup.ts';
import { plainLayers } from '../models/layers.ts';
import type { Model } from '../models/types.ts';
import type { BatchNorm, Binary, Layer, Network, Unary } from './network.ts';

/** Images of the recorded pass: a number that tells the batch axis from axes of extent 1. */
const BATCH = 3;
const IMAGES = 'images';

const UNARY_KERNELS: Readonly<Record<string, Unary['op']>> = {
  Relu: 'relu',
  Square: 'square',
  Sqrt: 'squareRoot',
};
const BINARY_KERNELS: Readonly<Record<string, Binary['op']>> = {
  Add: 'add',
  Sub: 'subtract',
  Multiply: 'multiply',
  RealDiv: 'divide',
  Maximum: 'maximum',
};

/** What a recorded value is: a layer's output, a parameter of the model, or one number. */
type Meaning = { readonly layer: Layer } | { readonly parameter: string } | { readonly number: number };

/**
 * Reads the layers of a network.
 *
 * @param parameters every parameter of the model by name, as evaluation uses them
 * @throws UserError if the model uses an operation that exported files have no layer for
 */
export function readNetwork(model: Model, parameters: NamedArrays): Network {
  const epsilons = new Map<string, number>();
  const graph = recordForward(model, epsilons);
  return new Reader(model, parameters, epsilons).read(graph);
}

/** @param epsilons receives that of each batch normalisation, by the name of its layer */
function recordForward(model: Model, epsilons: Map<string, number>): KernelGraph {
  const inputs = [
    { name: IMAGES, shape: [BATCH, ...model.inputShape], type: 'float32' as const },
    ...model.parameters.map(({ name, shape }) => ({ name, shape, type: 'float32' as const })),
  ];
  return trace(inputs, (tensors) => {
    const plain = plainLayers(tensors, false);
    const batchNorm = (
      x: tfjs.Tensor,
      layer: string,
      { epsilon }: { readonly epsilon: number },
    ): tfjs.Tensor => {
      epsilons.set(layer, epsilon);
      // A mark that is easily found again: the layer stands for all that batch normalisation computes.
      return plain.tf.mul(x, plain.parameter(`${layer}/scale`));
    };
    const images = orThrow(tensors[IMAGES], 'the recorded pass has no images');
    return { logits: model.forward(images, { ...plain, batchNorm }) };
  });
}

class Reader {
  private readonly layers: Layer[] = [];
  private readonly names = new Set<string>();
  private readonly meanings = new Map<Value, Meaning>();

  constructor(
    private readonly model: Model,
    private readonly parameters: NamedArrays,
    private readonly epsilons: ReadonlyMap<string, number>,
  ) {}

  read({ inputs, operations, outputs }: KernelGraph): Network {
    for (const { name, value } of inputs) {
      if (name === IMAGES)
        this.meanings.set(value, {
          layer: this.add({ op: 'input', name: IMAGES, shape: this.model.inputShape, inputs: [] }),
        });
      else this.meanings.set(value, { parameter: name });
    }
    for (const operation of operations) {
      const meaning = this.meaningOf(operation);
      if (meaning !== undefined) this.meanings.set(at(operation.outputs, 0), meaning);
    }
    const logits = this.meanings.get(at(outputs, 0).value);
    if (logits === undefined || !('layer' in logits)) throw this.refuse('its logits do not depend on images');
    return keepNeeded(this.layers, logits.layer);
  }

  private meaningOf(operation: KernelOperation): Meaning | undefined {
    if (operation.data !== undefined)
      return operation.data.length === 1 ? { number: Number(operation.data[0]) } : undefined;
    const operands = operation.inputs.map((value) => this.meanings.get(value));
    const [first, second] = operands;
    const output = at(operation.outputs, 0);
    if (first === undefined || operands.includes(undefined)) throw this.unknown(operation.op);
    if (operation.op === 'Reshape' || operation.op === 'Identity')
      return this.reshape(first, output.shape, operation.op);
    if (operation.op === 'Multiply' && 'layer' in first && second !== undefined && 'parameter' in second)
      return { layer: this.batchNorm(first.layer, second.parameter) };
    if (operation.op === 'Add' && 'layer' in first && second !== undefined && 'parameter' in second)
      return this.bias(first.layer, second.parameter);
    if (!('layer' in first)) throw this.unknown(operation.op);
    return { layer: this.layerOf(operation, first.layer, second, withoutBatch(output.shape)) };
  }

  private layerOf(
    operation: KernelOperation,
    input: Layer,
    second: Meaning | undefined,
    shape: readonly number[],
  ): Layer {
    const { op } = operation;
    const made = { shape, inputs: [input] };
    const unary = UNARY_KERNELS[op];
    if (unary !== undefined) return this.add({ op: unary, name: this.nameFor(op), ...made });
    if (op === 'MaxPool')
      return this.add({ op: 'maxPool', name: this.nameFor(op), ...made, ...operation.attributes });
    if (op === 'Mean') {
      const { axes, keepDims } = operation.attributes;
      if (axes.includes(0)) throw this.refuse('it takes means over the images of a batch');
      const own = axes.map((axis) => axis - 1);
      return this.add({ op: 'mean', name: this.nameFor(op), ...made, axes: own, keepDims });
    }
    if (second === undefined) throw this.unknown(op);
    if (op === 'Conv2D' && 'parameter' in second) {
      const { strides, pads, dilations } = operation.attributes;
      if (dilations.some((dilation) => dilation !== 1)) throw this.refuse('its filters have holes');
      return this.add({ op: 'convolution', ...this.kernelOf(second.parameter), ...made, strides, pads });
    }
    if (op === 'BatchMatMul' && 'parameter' in second) {
      const { transposeA, transposeB } = operation.attributes;
      if (transposeA || transposeB) throw this.unknown('transposed product');
      return this.add({ op: 'dense', ...this.kernelOf(second.parameter), ...made, shape: shape.slice(-1) });
    }
    const binary = BINARY_KERNELS[op];
    if (binary === undefined || 'parameter' in second) throw this.unknown(op);
    const name = this.nameFor(op);
    if ('number' in second) return this.add({ op: binary, name, ...made, number: second.number });
    return this.add({ op: binary, name, shape, inputs: [input, second.layer] });
  }

  private add<L extends Layer>(layer: L): L {
    this.layers.push(layer);
    this.names.add(layer.name);
    return layer;
  }

  private nameFor(op: string): string {
    const base = op.toLowerCase();
    for (let count = 1; ; count++) {
      const name = `${base}${count}`;
      if (!this.names.has(name)) return name;
    }
  }

  /** Kernel and bias of the layer whose kernel is the parameter of this name. */
  private kernelOf(parameter: string) {
    const name = parameter.replace(/\/kernel$/, '');
    if (name === parameter || this.names.has(name))
      throw this.refuse(`it uses "${parameter}" in its own way`);
    const { shape } = orThrow(
      this.model.parameters.find((own) => own.name === parameter),
      `the model has no parameter ${parameter}`,
    );
    const bias = this.parameters[`${name}/bias`];
    return {
      name,
      kernelShape: shape,
      kernel: this.floats(parameter),
      ...(bias === undefined ? {} : { bias: this.floats(`${name}/bias`) }),
    };
  }

  /** A layer has taken its bias with its kernel, so nothing is left to be done. */
  private bias(layer: Layer, parameter: string): Meaning {
    if (parameter === `${layer.name}/bias`) return { layer };
    throw this.refuse(`it adds "${parameter}" in its own way`);
  }

  private batchNorm(input: Layer, parameter: string): BatchNorm {
    const name = parameter.replace(/\/scale$/, '');
    const epsilon = this.epsilons.get(name);
    if (epsilon === undefined) throw this.refuse(`it multiplies by "${parameter}" in its own way`);
    const [scale, shift, mean, variance] = (['scale', 'shift', 'mean', 'variance'] as const).map((role) =>
      this.floats(`${name}/${role}`),
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const { shape } = input;
    return this.add({
      op: 'batchNorm',
      name,
      shape,
      inputs: [input],
      scale,
      shift,
      mean,
      variance,
      epsilon,
    });
  }

  /** tfjs puts an axis of extent 1 before matrices that it multiplies, and takes it away again. */
  private reshape(operand: Meaning, shape: readonly number[], op: string): Meaning {
    if (!('layer' in operand)) return operand;
    const own = [BATCH, ...operand.layer.shape];
    const plain = shape[0] === 1 ? shape.slice(1) : shape;
    if (plain.length === own.length && plain.every((extent, axis) => extent === own[axis])) return operand;
    const features = sizeOf(operand.layer.shape);
    if (plain.length !== 2 || plain[0] !== BATCH || plain[1] !== features) throw this.unknown(op);
    const name = this.nameFor('flatten');
    return { layer: this.add({ op: 'flatten', name, shape: [features], inputs: [operand.layer] }) };
  }

  private floats(name: string): Float32Array {
    const array = this.parameters[name];
    if (array instanceof Float32Array) return array;
    throw new Error(`the parameters lack floats of the name ${name}`);
  }

  private unknown(op: string): UserError {
    return this.refuse(`it uses the operation ${op} in a way that exported files have no layer for`);
  }

  private refuse(why: string): UserError {
    return new UserError(`this model cannot be exported: ${why}`);
  }
}

function withoutBatch(shape: readonly number[]): readonly number[] {
  return shape.slice(1);
}

/** The layers that the last one rests on, in their order; it comes last. */
function keepNeeded(layers: readonly Layer[], last: Layer): Network {
  const needed = new Set<Layer>([last]);
  for (const layer of layers.toReversed())
    if (needed.has(layer)) for (const input of layer.inputs) needed.add(input);
  return { layers: layers.filter((layer) => needed.has(layer)) };
}
