/** @file Frees large arrays at once that onnxruntime made and nobody needs any more. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** Bytes of a single array that are worth to be freed by hand. */
const LARGE_ARRAY = 2 ** 20;

/**
 * Frees the memory of large arrays, which are empty afterwards. No view of their buffers may be used again. On Node 20 that of the first
 * ones is free after the current event.
 *
 * @param arrays that fill their buffers
 */
export function freeArrays(arrays: Iterable<ArrayBufferView>): void {
  for (const { buffer } of arrays)
    if (buffer instanceof ArrayBuffer && buffer.byteLength >= LARGE_ARRAY) freeBuffer(buffer);
}

/** Of ECMAScript 2024, which Node 20 does not have. */
type Transferable = ArrayBuffer & { transfer?(length: number): ArrayBuffer };

let nowhere: MessagePort | undefined;

function freeBuffer(buffer: Transferable): void {
  if (buffer.transfer !== undefined) {
    buffer.transfer(0);
    return;
  }
  nowhere ??= createClosedPort();
  nowhere.postMessage(undefined, [buffer]);
}

/** What is sent to it is received by nobody: its memory is freed. */
function createClosedPort(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return port1;
}

/**
 * Bytes of garbage that are worth a collection, which takes 20 to 40 milliseconds. Left to themselves, collectors wait for two
 * or three steps.
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
