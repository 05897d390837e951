/** @file Frees large arrays at once that onnxruntime made and nobody needs any more. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Bytes of garbage that are worth a collection, which takes 20 to 40 milliseconds. Left to themselves, collectors wait for two
 * or three steps, and hold the gradients of each.
 */
const WORTHWHILE_BYTES = 2 ** 26;

let collect: (() => void) | undefined;

/** @param bytes memory of arrays that have just become garbage */
export function freeGarbage(bytes: number): void {
  if (bytes < WORTHWHILE_BYTES) return;
  collect ??= exposeCollector();
  collect();
}

/** The function `gc` that `node --expose-gc` gives to every program, for this module alone. */
function exposeCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const exposed = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return exposed;
}
