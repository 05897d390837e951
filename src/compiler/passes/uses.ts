/** @file Which operations use each value of a graph, kept up to date while the graph is rewritten. */
import { getOrMake } from '../../maps.ts';
import { type Graph, type GraphBuilder, type Operation, rewrite, type Value } from '../graph.ts';

export interface Uses {
  /** How often a value is used; an output of the graph counts as one use more. */
  of(value: Value): number;
  /** Whether every use is by one of these operations. */
  allBy(value: Value, operations: readonly string[]): boolean;
}

const OUTPUT = 'output of the graph';

/** Who makes and who uses the values of a graph as it stands. */
export interface Neighbours<Op extends Operation> {
  producerOf(value: Value): Op | undefined;
  /** Each as often as it uses the value; undefined stands for the graph's output. */
  usersOf(value: Value): readonly (Op | undefined)[];
}

export function findNeighbours<Op extends Operation>({ operations, outputs }: Graph<Op>): Neighbours<Op> {
  const producers = new Map<Value, Op>();
  const users = new Map<Value, (Op | undefined)[]>();
  const add = (value: Value, user: Op | undefined): unknown =>
    getOrMake(users, value, () => [] as (Op | undefined)[]).push(user);
  for (const operation of operations) {
    for (const output of operation.outputs) producers.set(output, operation);
    for (const input of operation.inputs) add(input, operation);
  }
  for (const { value } of outputs) add(value, undefined);
  return { producerOf: (value) => producers.get(value), usersOf: (value) => users.get(value) ?? [] };
}

interface ChangingUses extends Uses {
  /** Declares that a new value stands for an old one. */
  inherit(replacement: Value, original: Value): void;
}

function countUses(graph: Graph): ChangingUses {
  const users = new Map<Value, string[]>();
  const add = (value: Value, user: string): void => {
    const known = users.get(value);
    if (known === undefined) users.set(value, [user]);
    else known.push(user);
  };
  for (const { inputs, op } of graph.operations) for (const input of inputs) add(input, op);
  for (const { value } of graph.outputs) add(value, OUTPUT);
  return {
    of: (value) => users.get(value)?.length ?? 0,
    allBy: (value, operations) => (users.get(value) ?? []).every((user) => operations.includes(user)),
    inherit: (replacement, original) => users.set(replacement, users.get(original) ?? []),
  };
}

/**
 * Rewrites operations with one result by a rule that looks at their producers and at who uses what.
 *
 * @returns the graph itself if the rule never applied
 */
export function rewriteJoining<Op extends Operation>(
  graph: Graph<Op>,
  join: (operation: Op, builder: GraphBuilder<Op>, uses: Uses) => Value | undefined,
): Graph<Op> {
  const uses = countUses(graph);
  let applied = false;
  const rewritten = rewrite(graph, (operation, builder) => {
    const joined = join(operation, builder, uses);
    const [output] = operation.outputs;
    if (joined === undefined || output === undefined) return undefined;
    uses.inherit(joined, output);
    applied = true;
    return [joined];
  });
  return applied ? rewritten : graph;
}
