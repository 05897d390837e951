/**
 * @file An operation of the compiler's own: it multiplies each channel of blocked images by a number and adds another. A residual and
 * an activation can be part of it, so that all of them take one pass over the images.
 */
import { rewrite, type Value } from '../../../compiler/graph.ts';
import type { Activation, OnnxBuilder, OnnxGraph, OnnxOperation, OnnxOperators } from '../operators.ts';
import { BLOCKED, type Lowering } from './lowering.ts';

/** Operations of the compiler's own, which are expanded before a model is written. */
const OWN = 'td';

export interface AffineMap {
  /** `[channels]`; 1 if absent. */
  readonly scale?: Value;
  /** `[channels]`; 0 if absent. */
  readonly shift?: Value;
}

/**
 * `activation(scale · x + shift + residual)`, with one number of scale and shift for each channel.
 *
 * Operands: x, scale, shift and, if there is one, the residual, which has the shape of x.
 */
export interface Affine {
  readonly x: Value;
  readonly scale: Value;
  readonly shift: Value;
  readonly residual?: Value;
  readonly activation?: Activation;
}

/** @param x blocked images `[batch, channels, height, width]` */
export function channelAffine(x: Value, { scale, shift }: AffineMap, { builder }: Lowering): Value {
  const channels = x.shape[1] ?? 1;
  const filled = (number: number): Value =>
    builder.constant(new Float32Array(channels).fill(number), [channels], 'float32');
  return emitAffine({ x, scale: scale ?? filled(1), shift: shift ?? filled(0) }, builder);
}

export function emitAffine({ x, scale, shift, residual, activation }: Affine, builder: OnnxBuilder): Value {
  const inputs = [x, scale, shift, ...(residual === undefined ? [] : [residual])];
  const attributes = activation === undefined ? {} : { activation };
  return builder.emitIn(OWN, 'ChannelAffine', inputs, { shape: x.shape }, attributes);
}

/** The parts of an operation that `emitAffine` emitted; undefined for any other. */
export function affineOf(operation: OnnxOperation | undefined): Affine | undefined {
  if (operation?.op !== 'ChannelAffine') return undefined;
  const [x, scale, shift, residual] = operation.inputs;
  if (x === undefined || scale === undefined || shift === undefined) return undefined;
  const { activation } = operation.attributes;
  return {
    x,
    scale,
    shift,
    ...(residual === undefined ? {} : { residual }),
    ...(activation === undefined ? {} : { activation }),
  };
}

/** A slope so steep that a hard sigmoid without offset is 0 up to 0 and 1 from the least normal float32 on. */
export const STEEPEST = 3e38;

/** Attributes of a blocked convolution with an activation; the step function is a steep hard sigmoid. */
export function activationAttributes(
  activation: Activation | undefined,
): Pick<OnnxOperators['Conv'], 'activation' | 'activation_params'> {
  if (activation === undefined) return {};
  return activation === 'Relu' ? { activation } : { activation, activation_params: [STEEPEST, 0] };
}

/** Turns affine maps into convolutions of each channel with one number, which onnxruntime computes in a single pass. */
export function expandAffines(graph: OnnxGraph): OnnxGraph {
  return rewrite(graph, (operation, builder) => {
    const affine = affineOf(operation);
    if (affine === undefined) return undefined;
    const { x, scale, shift, residual, activation } = affine;
    const channels = x.shape[1] ?? 1;
    const weights = builder.emit('Reshape', [scale], { shape: [channels, 1, 1, 1] });
    const attributes = { group: channels, kernel_shape: [1, 1], ...activationAttributes(activation) };
    const inputs = [x, weights, shift, ...(residual === undefined ? [] : [residual])];
    return [builder.emitIn(BLOCKED, 'Conv', inputs, { shape: x.shape }, attributes)];
  });
}
