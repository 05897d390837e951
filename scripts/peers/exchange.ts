/** @file State and feeds of one run, as a file that both sides read or write. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withoutPrefix, withPrefix } from '../../src/engines/onnx/compile.ts';
import type { NamedArrays, Signature } from '../../src/engines/types.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/results/safetensors.ts';

export interface Exchange {
  readonly state: NamedArrays;
  readonly feeds: NamedArrays;
}

const STATE = 'state/';
const FEED = 'feed/';

/** @throws Error if an array is not as the signature says */
export function writeExchange(path: string, { state, feeds }: Exchange, signature: Signature): void {
  const arrays = { ...withPrefix(state, STATE), ...withPrefix(feeds, FEED) };
  const specs = { ...withPrefix(signature.state, STATE), ...withPrefix(signature.feeds, FEED) };
  writeFileSync(path, encodeSafetensors({ arrays, specs, metadata: {} }));
}

/** @throws UserError if the file is damaged */
export function readExchange(path: string): Exchange {
  const { arrays } = decodeSafetensors(readFileSync(path), path);
  return { state: withoutPrefix(arrays, STATE), feeds: withoutPrefix(arrays, FEED) };
}
