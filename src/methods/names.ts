/** @file Methods under the names and with the numbers by which tables call them: targeted(0.66, 0.75). */
import { compareNaturally } from '../order.ts';
import type { Granularity } from '../pruning/types.ts';
import type { AnySettings, MethodDefinition } from './definition.ts';
import { methods } from './registry.ts';

export interface Method {
  /** Of its column; a method may have several, as `targeted` and `targeted + l1`. */
  readonly name: string;
  /** alpha before gamma; a rate or a coefficient where there is one number. */
  readonly numbers: readonly number[];
  /** Of what it drops or penalises; absent if the method knows no granularity. */
  readonly granularity?: Granularity;
  /** Settings beyond the paper's definition, in words. */
  readonly extras: readonly string[];
}

/** What tables call a method with these settings. */
export function methodOf(settings: AnySettings): Method {
  const {
    column = settings.name,
    numbers = [],
    extras = [],
  } = methods.get(settings.name).label?.(settings) ?? {};
  const { granularity } = settings;
  return { name: column, numbers, ...(granularity !== undefined && { granularity }), extras };
}

/** `targeted(0.66, 0.75)`, `variational, KL × 1` */
export function describeMethod({ name, numbers, extras }: Omit<Method, 'granularity'>): string {
  const list = numbers.length === 0 ? '' : `(${numbers.map(formatNumber).join(', ')})`;
  return [`${name}${list}`, ...extras].join(', ');
}

/** The definition that a column belongs to; undefined if no method has a column of this name. */
export function definitionOf({ name }: Pick<Method, 'name'>): MethodDefinition | undefined {
  return [...methods].find(({ columns }) => Object.hasOwn(columns, name));
}

/** Pairs of a column's name and a sentence on its method, in the order given, each name once. */
export function explainMethods(methods: readonly Pick<Method, 'name'>[]): [string, string][] {
  const names = [...new Set(methods.map(({ name }) => name))];
  return names.flatMap((name): [string, string][] => {
    const sentence = definitionOf({ name })?.columns[name];
    return sentence === undefined ? [] : [[name, sentence]];
  });
}

/** The order of columns: by name as in the paper, then by gamma, then by alpha. */
export function compareMethods(a: Method, b: Method): number {
  const order = [...methods].flatMap(({ columns }) => Object.keys(columns));
  return (
    order.indexOf(a.name) - order.indexOf(b.name) ||
    compareNumbers(a.numbers.toReversed(), b.numbers.toReversed()) ||
    compareNaturally(describeMethod(a), describeMethod(b))
  );
}

export function haveEqualNumbers(a: Pick<Method, 'numbers'>, b: Pick<Method, 'numbers'>): boolean {
  return a.numbers.length === b.numbers.length && compareNumbers(a.numbers, b.numbers) === 0;
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  const differences = a.map((number, index) => number - (b[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? a.length - b.length;
}

function formatNumber(number: number): string {
  return number !== 0 && Math.abs(number) < 1e-3 ? number.toExponential() : String(number);
}
