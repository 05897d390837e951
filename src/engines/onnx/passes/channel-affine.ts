/** @file Joins affine maps of channels with one another, with sums of images and with activations. */
import type { Value } from '../../../compiler/graph.ts';
import { rewriteJoining, type Uses } from '../../../compiler/passes/uses.ts';
import { type Affine, affineOf, emitAffine } from '../lower/channel-affine.ts';
import type { Activation, OnnxBuilder, OnnxGraph, OnnxOperation } from '../operators.ts';

export function joinAffines(graph: OnnxGraph): OnnxGraph {
  return rewriteJoining(graph, join);
}

function join(operation: OnnxOperation, builder: OnnxBuilder, uses: Uses): Value | undefined {
  const [a, b] = operation.inputs;
  if (a === undefined) return undefined;
  switch (operation.op) {
    case 'ChannelAffine':
      return compose(operation, builder, uses);
    case 'Add':
      return b && (addTo(a, b, builder, uses) ?? addTo(b, a, builder, uses));
    case 'Sub':
      return b && subtractFrom(a, b, builder, uses);
    case 'Relu':
    case 'HardSigmoid':
      return activate(a, operation.op, builder, uses);
    default:
      return undefined;
  }
}

/** The affine map that makes a value, if nothing else needs the value. */
function soleAffine(value: Value, builder: OnnxBuilder, uses: Uses): Affine | undefined {
  return uses.of(value) === 1 ? affineOf(builder.producerOf(value)) : undefined;
}

/** s₂(s₁x + t₁) + t₂ = s₁s₂ · x + (s₂t₁ + t₂). A residual inside can only be carried over by s₂ = 1. */
function compose(operation: OnnxOperation, builder: OnnxBuilder, uses: Uses): Value | undefined {
  const outer = affineOf(operation);
  const inner = outer && soleAffine(outer.x, builder, uses);
  if (outer === undefined || inner === undefined || inner.activation !== undefined) return undefined;
  if (inner.residual !== undefined && (outer.residual !== undefined || !isOnes(outer.scale, builder)))
    return undefined;
  const { shape } = inner.scale;
  const scale = builder.emit('Mul', [inner.scale, outer.scale], { shape });
  const moved = builder.emit('Mul', [inner.shift, outer.scale], { shape });
  const shift = builder.emit('Add', [moved, outer.shift], { shape });
  return emitAffine({ ...inner, ...outer, x: inner.x, scale, shift }, builder);
}

function isOnes(value: Value, builder: OnnxBuilder): boolean {
  const data = builder.constantOf(value);
  return data instanceof Float32Array && data.every((number) => number === 1);
}

function addTo(sum: Value, other: Value, builder: OnnxBuilder, uses: Uses): Value | undefined {
  const affine = plainAffine(sum, other, builder, uses);
  return affine && emitAffine({ ...affine, residual: other }, builder);
}

/** other − (s · x + t) = −s · x − t + other. */
function subtractFrom(other: Value, part: Value, builder: OnnxBuilder, uses: Uses): Value | undefined {
  const affine = plainAffine(part, other, builder, uses);
  if (affine === undefined) return undefined;
  const negative = (value: Value): Value => builder.emit('Neg', [value], { shape: value.shape });
  const [scale, shift] = [negative(affine.scale), negative(affine.shift)];
  return emitAffine({ x: affine.x, scale, shift, residual: other }, builder);
}

/** An affine map without residual and activation, of images of the shape of others. */
function plainAffine(value: Value, other: Value, builder: OnnxBuilder, uses: Uses): Affine | undefined {
  const affine = soleAffine(value, builder, uses);
  const isPlain = affine?.residual === undefined && affine?.activation === undefined;
  return isPlain && value.shape.join() === other.shape.join() ? affine : undefined;
}

/** If only activations use the map, each of them computes the map as part of itself, which saves the pass that made the map. */
function activate(x: Value, activation: Activation, builder: OnnxBuilder, uses: Uses): Value | undefined {
  const affine = affineOf(builder.producerOf(x));
  if (affine === undefined || affine.activation !== undefined || affine.residual !== undefined)
    return undefined;
  if (!uses.allBy(x, ['Relu', 'HardSigmoid'])) return undefined;
  return emitAffine({ ...affine, activation }, builder);
}
