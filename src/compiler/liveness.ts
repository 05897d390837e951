/** @file The most bytes that the values of a step occupy at the same time. */
import { sizeOf } from '../arrays.ts';
import type { Graph, Value, ValueType } from './graph.ts';

const BYTES: Readonly<Record<ValueType, number>> = { float32: 4, int32: 4, int64: 8, bool: 1 };

/**
 * The largest sum of bytes that intermediate values need at one moment. A value needs its bytes from the operation that makes it to
 * the last one that reads it. Inputs and constants are not counted: they are there all the time.
 *
 * @param isCounted says of a value whether it is counted; by default every one is
 */
export function peakBytes(
  { operations, outputs }: Graph,
  isCounted: (value: Value) => boolean = () => true,
): number {
  const last = new Map<Value, number>();
  for (const [index, { inputs }] of operations.entries()) for (const value of inputs) last.set(value, index);
  for (const { value } of outputs) last.set(value, operations.length);
  const ending = new Map<number, number>();
  let live = 0;
  let most = 0;
  for (const [index, operation] of operations.entries()) {
    if (operation.data !== undefined) continue;
    for (const value of operation.outputs.filter(isCounted)) {
      const bytes = BYTES[value.type] * sizeOf(value.shape);
      const end = last.get(value) ?? index;
      live += bytes;
      ending.set(end, (ending.get(end) ?? 0) + bytes);
    }
    most = Math.max(most, live);
    live -= ending.get(index) ?? 0;
  }
  return most;
}
