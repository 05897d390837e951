/** @file Checks that what crosses the border to an engine has the shape that it was compiled for. */
import { ARRAY_CLASSES, type NamedArrays, type NamedSpecs, sizeOf } from '../arrays.ts';
import { suggest } from '../errors.ts';

export function copyArrays(arrays: NamedArrays): NamedArrays {
  return Object.fromEntries(Object.entries(arrays).map(([name, data]) => [name, data.slice()]));
}

/** @throws Error if an array is unknown or has the wrong length or element type */
export function checkArrays(arrays: NamedArrays, specs: NamedSpecs, what: string): void {
  for (const [name, data] of Object.entries(arrays)) {
    const spec = specs[name];
    if (spec === undefined) throw new Error(`unknown ${what} "${name}"${suggest(name, Object.keys(specs))}`);
    if (data.length !== sizeOf(spec.shape)) {
      throw new Error(
        `${what} "${name}" has ${data.length} elements where its shape [${spec.shape}] needs ${sizeOf(spec.shape)}`,
      );
    }
    const expected = ARRAY_CLASSES[spec.dtype];
    if (!(data instanceof expected)) throw new Error(`${what} "${name}" must be a ${expected.name}`);
  }
}

/** @throws Error if an entry of the state was never written */
export function checkState(state: Readonly<Record<string, unknown>>, specs: NamedSpecs): void {
  const missing = Object.keys(specs).find((name) => !(name in state));
  if (missing !== undefined) throw new Error(`state "${missing}" was never written`);
}

/** @throws Error if a feed is missing, unknown or has the wrong length */
export type FeedCheck = (feeds: NamedArrays) => void;

/** What is to be known of the specs is found once, since a step of a small network takes less than a millisecond. */
export function createFeedCheck(specs: NamedSpecs): FeedCheck {
  const expected = Object.entries(specs).map(([name, { shape, dtype }]) => ({
    name,
    size: sizeOf(shape),
    type: ARRAY_CLASSES[dtype],
  }));
  return (feeds) => {
    let fitting = 0;
    for (const { name, size, type } of expected) {
      const data = feeds[name];
      if (data instanceof type && data.length === size) fitting++;
    }
    if (fitting === expected.length && Object.keys(feeds).length === fitting) return;
    const missing = expected.find(({ name }) => !(name in feeds));
    if (missing !== undefined) throw new Error(`feed "${missing.name}" is missing`);
    checkArrays(feeds, specs, 'feed');
  };
}
