/** @file The order of names in tables and lists. */

const collator = new Intl.Collator('en', { numeric: true });

/** Numbers inside names count as numbers: `lenet-5` before `lenet-300`. Distinct names never compare equal. */
export function compareNaturally(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Orders names as a list has them; names that the list lacks come after it, naturally. */
export function compareByList(list: readonly string[]): (a: string, b: string) => number {
  const ranks = new Map(list.map((name, rank) => [name, rank]));
  const rankOf = (name: string) => ranks.get(name) ?? list.length;
  return (a, b) => rankOf(a) - rankOf(b) || compareNaturally(a, b);
}
