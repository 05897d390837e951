/** @file The step as a TensorFlow function of its variables and feeds: it reads the state, computes, and writes the state. */

import type { Value } from '../../compiler/graph.ts';
import type { Signature } from '../../compiler/step.ts';
import { FEED, FETCH, NEXT, STATE } from '../../compiler/trace-step.ts';
import { at, orThrow } from '../../lookup.ts';
import { DATA_TYPES } from './format.ts';
import { encodeFunction } from './functions.ts';
import type { TensorflowGraph } from './kernels.ts';
import { lowerOperations } from './lower/lower.ts';
import {
  booleanAttribute,
  type GraphNode,
  integerAttribute,
  type NodeAttributes,
  NodeBuilder,
  type Output,
  typeAttribute,
} from './nodes.ts';
import { type JoinedMomentum, type Update, writtenBy } from './update-kinds.ts';
import type { UpdatedGraph } from './updates.ts';

const FLOAT = typeAttribute('float32');

export interface StepOptions {
  /** Of the function. */
  readonly attributes?: NodeAttributes;
  createBuilder?(): NodeBuilder;
}

/**
 * Builds the message FunctionDef. Arguments: a resource for each entry of the state, then the feeds, both in the order of the
 * signature. Results: the fetches in the order of the graph's outputs.
 */
export function buildStep(
  name: string,
  { rest, updates }: UpdatedGraph,
  signature: Signature,
  { attributes = {}, createBuilder = () => new NodeBuilder() }: StepOptions = {},
): object {
  const body = new StepBody(rest, signature, createBuilder());
  lowerOperations(rest, body.builder);
  const effects = [...body.assignRest(updates), ...updates.map((update) => body.apply(update))];
  const fetched = rest.outputs.filter((output) => output.name.startsWith(FETCH));
  return encodeFunction({
    name,
    arguments: body.arguments,
    results: fetched.map(({ value }, index) => ({
      name: `result${index}`,
      type: DATA_TYPES[value.type],
      output: body.builder.outputOf(value),
    })),
    nodes: body.builder.nodes,
    effects,
    attributes,
  });
}

/** The nodes of the function, with its variables and feeds by name. */
class StepBody {
  readonly arguments: readonly { readonly name: string; readonly type: number }[];
  private readonly variables: ReadonlyMap<string, Output>;
  private readonly feeds: ReadonlySet<Output>;
  private readonly reads = new Map<string, GraphNode>();
  private readonly inputs: ReadonlyMap<string, Value>;

  constructor(
    private readonly graph: TensorflowGraph,
    signature: Signature,
    readonly builder: NodeBuilder,
  ) {
    const state = Object.keys(signature.state);
    const feeds = Object.entries(signature.feeds);
    this.inputs = new Map(graph.inputs.map(({ name, value }) => [name, value]));
    this.variables = new Map(state.map((name, index) => [name, argument(`variable${index}`)]));
    const given = feeds.map((_, index) => argument(`feed${index}`));
    this.feeds = new Set(given);
    this.arguments = [
      ...[...this.variables.values()].map(({ node }) => ({ name: node.name, type: DATA_TYPES.resource })),
      ...given.map(({ node }, index) => ({ name: node.name, type: DATA_TYPES[at(feeds, index)[1].dtype] })),
    ];
    for (const name of state) this.read(name);
    for (const [index, [name]] of feeds.entries()) {
      const value = this.inputs.get(FEED + name);
      if (value) this.builder.define(value, at(given, index));
    }
  }

  /** Reads an entry of the state, if the graph uses it. */
  private read(name: string): void {
    const value = this.inputs.get(STATE + name);
    const isUsed =
      this.graph.operations.some(({ inputs }) => value && inputs.includes(value)) ||
      this.graph.outputs.some((output) => output.value === value);
    if (value === undefined || !isUsed) return;
    const dtype = typeAttribute(value.type);
    const read = this.builder.add('ReadVariableOp', [this.variable(name)], { dtype });
    this.reads.set(name, read.node);
    this.builder.define(value, read);
  }

  /** Assigns the next values that no update gives. */
  assignRest(updates: readonly Update[]): GraphNode[] {
    const updated = new Set(updates.flatMap(writtenBy));
    return this.graph.outputs.flatMap(({ name: output, value }) => {
      const name = output.slice(NEXT.length);
      const isUnchanged = this.inputs.get(STATE + name) === value;
      if (!output.startsWith(NEXT) || isUnchanged || updated.has(name)) return [];
      const next = this.builder.outputOf(value);
      const T = typeAttribute(value.type);
      // The memory of a feed belongs to JavaScript: a variable must not keep it.
      const own = this.feeds.has(next) ? this.builder.add('DeepCopy', [next], { T }) : next;
      return [this.write('AssignVariableOp', [name], [own], { dtype: T })];
    });
  }

  /** Does an update in place. */
  apply(update: Update): GraphNode {
    if (update.kind === 'subtract') {
      const amount = this.builder.outputOf(update.amount);
      return this.write('AssignSubVariableOp', [update.parameter], [amount], { dtype: FLOAT });
    }
    if (update.kind === 'joined-momentum') return this.descend(update);
    const { parameter, accumulator, learningRate, gradient, momentum, nesterov } = update;
    const numbers = [learningRate, gradient, momentum].map((value) => this.builder.outputOf(value));
    return this.write('ResourceApplyMomentum', [parameter, accumulator], numbers, {
      T: FLOAT,
      use_locking: booleanAttribute(false),
      use_nesterov: booleanAttribute(nesterov),
    });
  }

  /** Writes into the memory that reading gave, when nothing else is left to do. */
  private descend({ descents, factor, learningRate, momentum, nesterov }: JoinedMomentum): GraphNode {
    const outputOf = (value: Value): Output => this.builder.outputOf(value);
    const inputs = [
      ...descents.map(({ parameter }) => this.readAgain(parameter)),
      ...descents.map(({ accumulator }) => this.readAgain(accumulator)),
      ...descents.map(({ gradient }) => outputOf(gradient)),
      factor === undefined ? this.builder.scalar(1, 'float32') : outputOf(factor),
      outputOf(learningRate),
      outputOf(momentum),
    ];
    const used = new Set(
      this.builder.nodes.flatMap(({ inputs, after }) => [...inputs.map(({ node }) => node), ...after]),
    );
    const given = new Set(inputs.map(({ node }) => node));
    const after = this.builder.nodes.filter((node) => !used.has(node) && !given.has(node));
    const op = nesterov ? 'TdNesterov' : 'TdMomentum';
    return this.builder.add(op, inputs, { N: integerAttribute(descents.length) }, { after }).node;
  }

  /** What reading an entry of the state gives. */
  private readAgain(name: string): Output {
    const known = this.reads.get(name);
    if (known !== undefined) return { node: known, index: 0 };
    const read = this.builder.add('ReadVariableOp', [this.variable(name)], { dtype: FLOAT });
    this.reads.set(name, read.node);
    return read;
  }

  /** A node that writes entries of the state, once what reads them has done so. */
  private write(
    op: string,
    names: readonly string[],
    operands: readonly Output[],
    attributes: NodeAttributes,
  ): GraphNode {
    const variables = names.map((name) => this.variable(name));
    const after = names.flatMap((name) => this.reads.get(name) ?? []);
    return this.builder.add(op, [...variables, ...operands], attributes, { after }).node;
  }

  private variable(name: string): Output {
    return orThrow(this.variables.get(name), `the signature has no state named ${name}`);
  }
}

function argument(name: string): Output {
  const node: GraphNode = { name, op: 'argument', inputs: [], after: [], attributes: {} };
  return { node, index: 0 };
}
