/**
 * @file Takes updates of the state out of a graph, for TensorFlow to do in place.
 *
 * Computed as arrays of their own, new weights and velocities would take as much memory again as the old ones, and more passes.
 */
import { sizeOf } from '../../arrays.ts';
import type { Value } from '../../compiler/graph.ts';
import { removeDeadCode } from '../../compiler/passes/dead-code.ts';
import { NEXT, STATE } from '../../compiler/trace-step.ts';
import { at } from '../../lookup.ts';
import { joinUpdates } from './joined-updates.ts';
import type { TensorflowGraph, TensorflowOperation } from './kernels.ts';
import { type Momentum, type SingleUpdate, type Update, writtenBy } from './update-kinds.ts';

export interface UpdatedGraph {
  /** Without the outputs that the updates give. What the updates read is an output called `update/…`. */
  readonly rest: TensorflowGraph;
  readonly updates: readonly Update[];
}

/** Prefix of the names of outputs that updates read. */
const READ = 'update/';

/** Only arrays of at least this many elements are updated in place. */
const LEAST_ELEMENTS = 2;

/**
 * Over a traced graph after all passes.
 *
 * @param joins updates of several parameters by one kernel of td's own
 */
export function splitUpdates(graph: TensorflowGraph, joins = false): UpdatedGraph {
  const finder = new UpdateFinder(graph);
  const single = graph.outputs.flatMap(({ name, value }) =>
    name.startsWith(NEXT) ? (finder.updateOf(name.slice(NEXT.length), value) ?? []) : [],
  );
  const updates = joins ? joinUpdates(graph, single) : single;
  if (updates.length === 0) return { rest: graph, updates };
  const given = new Set(updates.flatMap(writtenBy).map((name) => NEXT + name));
  const read = [...new Set(updates.flatMap(readBy))];
  const outputs = [
    ...graph.outputs.filter(({ name }) => !given.has(name)),
    ...read.map((value, index) => ({ name: READ + index, value })),
  ];
  return { rest: removeDeadCode({ ...graph, outputs }), updates };
}

function readBy(update: Update): Value[] {
  if (update.kind === 'subtract') return [update.amount];
  if (update.kind === 'momentum') return [update.learningRate, update.gradient, update.momentum];
  const { learningRate, momentum, factor, descents } = update;
  return [
    ...descents.map(({ gradient }) => gradient),
    ...(factor === undefined ? [] : [factor]),
    learningRate,
    momentum,
  ];
}

class UpdateFinder {
  private readonly producers = new Map<Value, TensorflowOperation>();
  private readonly useCounts = new Map<Value, number>();
  private readonly stateOf = new Map<Value, string>();
  private readonly nextOf = new Map<Value, string>();

  constructor(graph: TensorflowGraph) {
    const count = (value: Value): void => {
      this.useCounts.set(value, (this.useCounts.get(value) ?? 0) + 1);
    };
    for (const operation of graph.operations) {
      for (const output of operation.outputs) this.producers.set(output, operation);
      for (const input of operation.inputs) count(input);
    }
    for (const { name, value } of graph.outputs) {
      count(value);
      if (name.startsWith(NEXT)) this.nextOf.set(value, name.slice(NEXT.length));
    }
    for (const { name, value } of graph.inputs) {
      if (name.startsWith(STATE)) this.stateOf.set(value, name.slice(STATE.length));
    }
  }

  /** The update that gives the next value of an entry of the state and of nothing else, if it has a known form. */
  updateOf(parameter: string, next: Value): SingleUpdate | undefined {
    const [old, amount] = this.operandsOf(next, 'Sub') ?? [];
    const isOwn = old !== undefined && this.stateOf.get(old) === parameter && this.useCounts.get(next) === 1;
    if (!isOwn || amount === undefined || old.shape.join() !== amount.shape.join()) return undefined;
    if (sizeOf(old.shape) < LEAST_ELEMENTS) return undefined;
    return this.momentumUpdate(parameter, amount) ?? { kind: 'subtract', parameter, amount };
  }

  private momentumUpdate(parameter: string, amount: Value): Momentum | undefined {
    const [learningRate, direction] = this.operandsOf(amount, 'Multiply') ?? [];
    if (!learningRate || !direction || !isScalar(learningRate) || this.useCounts.get(amount) !== 1)
      return undefined;
    const plain = this.velocity(direction);
    if (plain !== undefined && this.useCounts.get(direction) === 2)
      return { kind: 'momentum', parameter, learningRate, nesterov: false, ...plain };
    const [gradient, ahead] = this.operandsOf(direction, 'Add') ?? [];
    const [next, momentum] = this.operandsOf(ahead, 'Multiply') ?? [];
    const velocity = next && this.velocity(next);
    const isNesterov =
      next !== undefined &&
      velocity !== undefined &&
      velocity.gradient === gradient &&
      this.isSameNumber(velocity.momentum, momentum) &&
      this.useCounts.get(next) === 2 &&
      this.useCounts.get(direction) === 1;
    return isNesterov
      ? { kind: 'momentum', parameter, learningRate, nesterov: true, ...velocity }
      : undefined;
  }

  /** momentum · accumulator + gradient, if it is the next value of that accumulator. */
  private velocity(value: Value): { accumulator: string; gradient: Value; momentum: Value } | undefined {
    const [kept, gradient] = this.operandsOf(value, 'Add') ?? [];
    const [old, momentum] = this.operandsOf(kept, 'Multiply') ?? [];
    const accumulator = old && this.stateOf.get(old);
    if (!kept || !gradient || !momentum || accumulator === undefined) return undefined;
    const isOwn = this.nextOf.get(value) === accumulator && this.useCounts.get(kept) === 1;
    const isWhole = gradient.shape.join() === value.shape.join();
    return isOwn && isWhole && isScalar(momentum) ? { accumulator, gradient, momentum } : undefined;
  }

  private isSameNumber(a: Value, b: Value | undefined): boolean {
    if (a === b) return true;
    const [x, y] = [this.producers.get(a)?.data, b && this.producers.get(b)?.data];
    return x?.length === 1 && y?.length === 1 && x[0] === y[0];
  }

  private operandsOf(value: Value | undefined, op: TensorflowOperation['op']): readonly Value[] | undefined {
    const producer = value && this.producers.get(value);
    return producer?.op === op && at(producer.outputs, 0) === value ? producer.inputs : undefined;
  }
}

function isScalar({ shape }: Value): boolean {
  return shape.length === 0;
}
