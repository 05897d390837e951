/** @file State and feeds of one run, as a file that all sides read or write. */

import { readFileSync, writeFileSync } from 'node:fs';
import type { ArraySpec, NamedArrays } from '../../src/arrays.ts';
import type { Signature } from '../../src/compiler/step.ts';
import { withoutPrefix, withPrefix } from '../../src/compiler/trace-step.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/files/safetensors.ts';

export interface Exchange {
  readonly state: NamedArrays;
  readonly feeds: NamedArrays;
}

const STATE = 'state/';
const FEED = 'feed/';

/**
 * Booleans go as integers, which the file format of the project has.
 *
 * @throws Error if an array is not as the signature says
 */
export function writeExchange(path: string, { state, feeds }: Exchange, signature: Signature): void {
  const numbers = mapEntries(feeds, (array) =>
    array instanceof Uint8Array ? Int32Array.from(array) : array,
  );
  const numberSpecs = mapEntries(
    signature.feeds,
    ({ shape, dtype }): ArraySpec => ({ shape, dtype: dtype === 'bool' ? 'int32' : dtype }),
  );
  const arrays = { ...withPrefix(state, STATE), ...withPrefix(numbers, FEED) };
  const specs = { ...withPrefix(signature.state, STATE), ...withPrefix(numberSpecs, FEED) };
  writeFileSync(path, encodeSafetensors({ arrays, specs, metadata: {} }));
}

/**
 * @param signature what the feeds are for
 * @throws UserError if the file is damaged
 */
export function readExchange(path: string, signature: Signature): Exchange {
  const { arrays } = decodeSafetensors(readFileSync(path), path);
  const feeds = mapEntries(withoutPrefix(arrays, FEED), (array, name) =>
    signature.feeds[name]?.dtype === 'bool' ? Uint8Array.from(array) : array,
  );
  return { state: withoutPrefix(arrays, STATE), feeds };
}

function mapEntries<T, U>(
  entries: Readonly<Record<string, T>>,
  convert: (value: T, name: string) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, convert(value, name)]));
}
