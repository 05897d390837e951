/** @file The order of names in tables and lists. */

const collator = new Intl.Collator('en', { numeric: true });

/**
 * A number in a name: `0.33`, `10`, `1e-4`. A dash is its sign where no letter or digit stands before it, else it parts two words. Of
 * numbers with more than one point between them, as in `1.10.2`, each is a whole one.
 */
const NUMBER = /(?:(?<![\p{L}\p{N}])-)?\d+(?:(?<!\d\.\d+)\.\d+(?!\.?\d))?(?:e[+-]\d+(?![\p{L}\p{N}]))?/giu;

/** Keys of names that were compared before: sorting compares each many times. */
const keys = new Map<string, string>();
const MOST_KEYS = 100_000;

/**
 * Numbers inside names count as numbers, with fraction, sign and exponent: `lenet-5` before `lenet-300`, `targeted-0.33-0.75` before
 * `targeted-0.5-0.5`, `1e-4` before `0.001`, `-2` before `-1`. A number with one point is a decimal one, whatever it is of: `v1.10` before
 * `v1.9`. With two points it is a version, whose parts count one by one: `1.9.0` before `1.10.0`. Distinct names never compare equal.
 */
export function compareNaturally(a: string, b: string): number {
  if (a === b) return 0;
  return collator.compare(keyOf(a), keyOf(b)) || (a < b ? -1 : 1);
}

/** The name with whole numbers, which the collator can compare, in the place of its numbers. */
function keyOf(name: string): string {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = name.replace(NUMBER, (number) => String(rankNumber(Number(number))));
  if (keys.size === MOST_KEYS) keys.clear();
  keys.set(name, key);
  return key;
}

const SIGN = 1n << 63n;
const bytes = new DataView(new ArrayBuffer(8));

/** @returns a whole number from 0 on, the higher the higher the number is: the bits of positive ones grow with them, of negative ones fall */
function rankNumber(number: number): bigint {
  bytes.setFloat64(0, number + 0);
  const bits = bytes.getBigUint64(0);
  return bits < SIGN ? bits + SIGN : 2n * SIGN - 1n - bits;
}

/** Orders names as a list has them; names that the list lacks come after it, naturally. */
export function compareByList(list: readonly string[]): (a: string, b: string) => number {
  const ranks = new Map(list.map((name, rank) => [name, rank]));
  const rankOf = (name: string) => ranks.get(name) ?? list.length;
  return (a, b) => rankOf(a) - rankOf(b) || compareNaturally(a, b);
}
