/** @file Methods under the names and with the numbers by which tables call them: targeted(0.66, 0.75). */
import type { RegularizerSettings } from '../config/schema.ts';
import { compareNaturally } from '../order.ts';
import type { Granularity } from './types.ts';

export interface Method {
  readonly name: string;
  /** alpha before gamma; a rate or a coefficient where there is one number. */
  readonly numbers: readonly number[];
  /** Of what it drops or penalises; absent if the method knows no granularity. */
  readonly granularity?: Granularity;
  /** Settings beyond the paper's definition, in words. */
  readonly extras: readonly string[];
}

/** The columns of the paper's tables in their order, then what the paper has in its code only. */
const ORDER = [
  'none',
  'dropout',
  'targeted',
  'targeted + l1',
  'variational',
  'l1',
  'l0',
  'smallify',
  'ramping-targeted',
  'ramping-targeted + l1',
  'random-prune',
  'targeted-ard',
  'delayed-prune',
];

/** The paper's factor of the KL term. */
const PAPER_KL_SCALE = 0.01;

export function methodOf(settings: RegularizerSettings): Method {
  switch (settings.name) {
    case 'none':
      return { name: 'none', numbers: [], extras: [] };
    case 'dropout':
      return describe(settings, 'dropout', [settings.dropRate]);
    case 'targeted':
    case 'ramping': {
      const { dropRate, targetRate, l1 } = settings;
      const name = `${settings.name === 'ramping' ? 'ramping-' : ''}targeted${l1 > 0 ? ' + l1' : ''}`;
      const numbers = [dropRate, targetRate, ...(l1 > 0 ? [l1] : [])];
      return describe(settings, name, numbers, settings.perEntry && 'per entry');
    }
    case 'targeted-ard':
      return { name: 'targeted-ard', numbers: [settings.dropRate, settings.targetRate], extras: [] };
    case 'delayed-prune':
      return describe(settings, 'delayed-prune', [settings.targetRate]);
    case 'random-prune': {
      const { targetRate, dropRate } = settings;
      return describe(settings, 'random-prune', [targetRate], dropRate < 1 && `dropped at ${dropRate}`);
    }
    case 'l1': {
      const extras = settings.reduction === 'sum' ? ['plain norm'] : [];
      return { name: 'l1', numbers: [settings.coefficient], extras };
    }
    case 'l0':
    case 'smallify':
      return describe(settings, settings.name, [settings.coefficient]);
    case 'variational': {
      const { klScale, perEntry } = settings;
      const scale = klScale !== PAPER_KL_SCALE && `KL × ${klScale}`;
      return describe(settings, 'variational', [], scale, perEntry && 'per entry');
    }
  }
}

/** `targeted(0.66, 0.75)`, `variational, KL × 1` */
export function wordMethod({ name, numbers, extras }: Pick<Method, 'name' | 'numbers' | 'extras'>): string {
  const list = numbers.length === 0 ? '' : `(${numbers.map(wordNumber).join(', ')})`;
  return [`${name}${list}`, ...extras].join(', ');
}

/** The order of columns: by name as in the paper, then by gamma, then by alpha. */
export function compareMethods(a: Method, b: Method): number {
  return (
    rankOf(a) - rankOf(b) ||
    compareNumbers(a.numbers.toReversed(), b.numbers.toReversed()) ||
    compareNaturally(wordMethod(a), wordMethod(b))
  );
}

export function haveEqualNumbers(a: Pick<Method, 'numbers'>, b: Pick<Method, 'numbers'>): boolean {
  return a.numbers.length === b.numbers.length && compareNumbers(a.numbers, b.numbers) === 0;
}

function describe(
  { granularity }: { readonly granularity: Granularity },
  name: string,
  numbers: readonly number[],
  ...extras: readonly (string | false)[]
): Method {
  return { name, numbers, granularity, extras: extras.filter((extra) => extra !== false) };
}

function rankOf({ name }: Method): number {
  const rank = ORDER.indexOf(name);
  return rank < 0 ? ORDER.length : rank;
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  const differences = a.map((number, index) => number - (b[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? a.length - b.length;
}

function wordNumber(number: number): string {
  return number !== 0 && Math.abs(number) < 1e-3 ? number.toExponential() : String(number);
}
