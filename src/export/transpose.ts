/** @file Arrays with their axes in another order. */
import { sizeOf } from '../arrays.ts';
import { at } from '../lookup.ts';

/**
 * @param data row-major, of this shape
 * @param order which axis of the array each axis of the result is
 */
export function transposeAxes(
  data: Float32Array,
  shape: readonly number[],
  order: readonly number[],
): { data: Float32Array; shape: readonly number[] } {
  const steps = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const target = order.map((axis) => at(shape, axis));
  const strides = order.map((axis) => at(steps, axis));
  const counters = new Uint32Array(target.length);
  const moved = new Float32Array(data.length);
  let source = 0;
  for (let index = 0; index < moved.length; index++) {
    moved[index] = at(data, source);
    for (let axis = target.length - 1; axis >= 0; axis--) {
      source += at(strides, axis);
      counters[axis] = at(counters, axis) + 1;
      if (at(counters, axis) < at(target, axis)) break;
      source -= at(strides, axis) * at(target, axis);
      counters[axis] = 0;
    }
  }
  return { data: moved, shape: target };
}
