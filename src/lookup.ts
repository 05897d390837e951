/** @file Looking up what must be there: a miss is a bug, and its message says which. Tables by name. */

/** What a lookup found. @throws Error with the message, if it found nothing */
export function orThrow<T>(found: T | undefined, message: string): T {
  if (found === undefined) throw new Error(message);
  return found;
}

/** The element of a list at an index, counted from 0. @throws Error if the list is shorter */
export function at<T>(list: ArrayLike<T>, index: number): T {
  return orThrow(list[index], `no element ${index} in a list of ${list.length}`);
}

/** A record with one entry for each name. */
export function tableOf<Name extends string, T>(
  names: readonly Name[],
  entryOf: (name: Name) => T,
): Readonly<Record<Name, T>> {
  // `Object.fromEntries` forgets which names there are.
  return Object.fromEntries(names.map((name) => [name, entryOf(name)])) as Record<Name, T>;
}

/** The names of a table's entries. */
export function namesOf<Name extends string>(table: Readonly<Record<Name, unknown>>): readonly Name[] {
  // `Object.keys` allows for further entries that a type does not name: tables have none.
  return Object.keys(table) as Name[];
}
