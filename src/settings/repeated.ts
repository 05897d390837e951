/** @file Entries that a list has twice. */

/** The index of the first entry that the list has before already, or -1. */
export function findRepeated(entries: readonly unknown[]): number {
  const seen = new Set<unknown>();
  return entries.findIndex((entry) => seen.size === seen.add(entry).size);
}
