/** @file Turns an update of the state into one loop over its arrays. */
import type { ArrayData } from '../../types.ts';
import { sizeOf } from '../../types.ts';
import { NEXT, STATE } from '../compile.ts';
import { at, type Graph, type Operation, type Value } from '../graph.ts';
import type { HOST_OPERATIONS } from './split.ts';

/**
 * Overwrites parts of the state with their next values.
 *
 * @param arrayOf the array under a name such as `state/w` or `feed/learningRate`
 */
export type Update = (arrayOf: (name: string) => ArrayData) => void;

/** Rounded to single precision, each is what onnxruntime computes: a double holds their exact result or rounds it harmlessly. */
const EXPRESSIONS: Readonly<Record<(typeof HOST_OPERATIONS)[number], (a: string, b: string) => string>> = {
  Add: (a, b) => `${a} + ${b}`,
  Sub: (a, b) => `${a} - ${b}`,
  Mul: (a, b) => `${a} * ${b}`,
  Div: (a, b) => `${a} / ${b}`,
  Neg: (a) => `-(${a})`,
  Sqrt: (a) => `sqrt(${a})`,
};

/** Compiles an update that `splitUpdates` made. */
export function compileUpdate(update: Graph): Update {
  const { names, text } = printUpdate(update);
  // A loop over closures would take ten times as long. The text is made of operators and numbered names alone.
  const run = new Function('arrays', text) as (arrays: readonly ArrayData[]) => void;
  return (arrayOf) => run(names.map(arrayOf));
}

/** The loop as JavaScript, with the names of the arrays that it takes. */
export function printUpdate({ inputs, operations, outputs }: Graph): {
  readonly names: readonly string[];
  readonly text: string;
} {
  const targets = outputs.map(({ name, value }) => ({ name: STATE + name.slice(NEXT.length), value }));
  const names = [...new Set([...inputs, ...targets].map(({ name }) => name))];
  const terms = new Map<Value, string>();
  const setup: string[] = [];
  for (const { name, value } of inputs) {
    const array = `array${names.indexOf(name)}`;
    if (sizeOf(value.shape) === 1) setup.push(`const ${array}_0 = ${array}[0];`);
    terms.set(value, sizeOf(value.shape) === 1 ? `${array}_0` : `${array}[i]`);
  }
  const loop: string[] = [];
  for (const operation of operations) {
    const result = at(operation.outputs, 0);
    if (operation.data) terms.set(result, String(Number(operation.data[0])));
    else {
      const term = `t${loop.length}`;
      loop.push(`const ${term} = fround(${express(operation, terms)});`);
      terms.set(result, term);
    }
  }
  for (const { name, value } of targets) loop.push(`array${names.indexOf(name)}[i] = ${terms.get(value)};`);
  return {
    names,
    text: [
      '"use strict";',
      'const { fround, sqrt } = Math;',
      `const [${names.map((_, index) => `array${index}`).join(', ')}] = arrays;`,
      ...setup,
      `for (let i = 0; i < ${sizeOf(at(targets, 0).value.shape)}; i++) {`,
      ...loop.map((line) => `  ${line}`),
      '}',
    ].join('\n'),
  };
}

function express({ op, inputs }: Operation, terms: ReadonlyMap<Value, string>): string {
  const [a = '', b = ''] = inputs.map((input) => terms.get(input));
  return EXPRESSIONS[op as keyof typeof EXPRESSIONS](a, b);
}
