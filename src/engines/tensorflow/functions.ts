/** @file Nodes and functions in the form in which TensorFlow's files hold them. */
import { at } from '../../lookup.ts';
import type { GraphNode, NodeAttributes, Output } from './nodes.ts';

const named = (result: string, ops: string): Record<string, readonly string[]> =>
  Object.fromEntries(ops.split(' ').map((op) => [op, [result]]));

/** Of td's own kernels. */
const NORM = ['y', 'mean', 'variance', 'inverse'];
const CROSS_ENTROPY = ['losses', 'right', 'gradient'];
const NORM_GRADIENT = ['dx', 'dscale', 'dshift'];

/** Names of the results of nodes: the body of a function speaks of results by name. Most are called `output`. */
const RESULTS: Readonly<Record<string, readonly string[]>> = {
  ...named('y', 'Abs Neg Sign Square Exp Floor Log Log1p Reciprocal Rsqrt Sigmoid Sqrt Tanh'),
  ...named('y', 'LogicalNot Cast Transpose DeepCopy'),
  ...named('z', 'AddV2 Mul Maximum Minimum Pow SquaredDifference Sub RealDiv'),
  ...named('z', 'Equal NotEqual Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr'),
  ...named('activations', 'Relu Softplus'),
  ...named('product', 'MatMul'),
  ...named('backprops', 'ReluGrad'),
  ...named('value', 'ReadVariableOp'),
  ...named('values', 'NthElement'),
  TopKV2: ['values', 'indices'],
  FusedBatchNormV3: [
    'y',
    'batch_mean',
    'batch_variance',
    'reserve_space_1',
    'reserve_space_2',
    'reserve_space_3',
  ],
  FusedBatchNormGradV3: ['x_backprop', 'scale_backprop', 'offset_backprop'],
  TdCrossEntropy: CROSS_ENTROPY,
  TdRectifiedConvolution: ['y', 'pooled'],
  TdNormRelu: NORM,
  TdNormReluBfloat16: NORM,
  TdNormReluGradient: NORM_GRADIENT,
  TdNormReluGradientBfloat16: NORM_GRADIENT,
};

/** Their result is a list of arrays. */
const LISTS: readonly string[] = ['TdScaleAll'];

interface FunctionParts {
  readonly name: string;
  /** `type`: TensorFlow's number of an element type. */
  readonly arguments: readonly { readonly name: string; readonly type: number }[];
  readonly results: readonly { readonly name: string; readonly type: number; readonly output: Output }[];
  readonly nodes: readonly GraphNode[];
  /** Nodes that must have run before the function returns. */
  readonly effects: readonly GraphNode[];
  readonly attributes: NodeAttributes;
}

/** The message FunctionDef. */
export function encodeFunction(parts: FunctionParts): object {
  return {
    signature: {
      name: parts.name,
      inputArg: parts.arguments,
      outputArg: parts.results.map(({ name, type }) => ({ name, type })),
      isStateful: true,
      controlOutput: parts.effects.map(({ name }) => name),
    },
    nodeDef: parts.nodes.map((node) => encodeNode(node, 'function')),
    ret: Object.fromEntries(parts.results.map(({ name, output }) => [name, nameInFunction(output)])),
    controlRet: Object.fromEntries(parts.effects.map(({ name }) => [name, name])),
    attr: parts.attributes,
  };
}

/** The message NodeDef, as it stands in a graph or in the body of a function. */
export function encodeNode(node: GraphNode, place: 'graph' | 'function'): object {
  const nameOf = place === 'graph' ? nameInGraph : nameInFunction;
  return {
    name: node.name,
    op: node.op,
    input: [...node.inputs.map(nameOf), ...node.after.map(({ name }) => `^${name}`)],
    attr: node.attributes,
  };
}

function nameInGraph({ node, index }: Output): string {
  return index === 0 ? node.name : `${node.name}:${index}`;
}

function nameInFunction({ node, index }: Output): string {
  if (node.op === 'argument') return node.name;
  if (LISTS.includes(node.op)) return `${node.name}:output:${index}`;
  return `${node.name}:${at(RESULTS[node.op] ?? ['output'], index)}:0`;
}
