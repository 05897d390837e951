/** @file Derivatives by central differences in double precision. */
import type { NaiveParameters } from './naive-networks.ts';
import { createNumbers } from './numbers.ts';

/** By how much an element, or an array along a direction, is shifted to either side. */
const STEP = 1e-6;

type Loss = (parameters: NaiveParameters) => number;
/** Unit vectors for each array. */
type Directions = Readonly<Record<string, number[][]>>;

/** The derivative of the loss by each element. */
export function finiteDifferences(loss: Loss, parameters: NaiveParameters): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, values]) => [
      name,
      values.map((value, index) => {
        const shifted = (by: number) => loss({ ...parameters, [name]: values.with(index, value + by) });
        return (shifted(STEP) - shifted(-STEP)) / (2 * STEP);
      }),
    ]),
  );
}

/** Unit vectors in random directions, a few for each array. */
export function directionsOf(parameters: NaiveParameters): Record<string, number[][]> {
  const numbers = createNumbers(29);
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { length }]) => [
      name,
      Array.from({ length: 3 }, () => {
        const vector = [...numbers.normal(length)];
        const norm = Math.hypot(...vector);
        return vector.map((value) => value / norm);
      }),
    ]),
  );
}

/** Each gradient's slope along the directions of its array. */
export function project(
  gradients: Readonly<Record<string, number[]>>,
  directions: Directions,
): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(gradients).map(([name, gradient]) => [
      name,
      (directions[name] ?? []).map((vector) =>
        vector.reduce((sum, value, index) => sum + value * Number(gradient[index]), 0),
      ),
    ]),
  );
}

/** The slopes of the loss along the directions of each array. */
export function slopesAlong(
  directions: Directions,
  loss: Loss,
  parameters: NaiveParameters,
): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, values]) => [
      name,
      (directions[name] ?? []).map((vector) => {
        const shifted = (by: number) => {
          const array = values.map((value, index) => value + by * Number(vector[index]));
          return loss({ ...parameters, [name]: array });
        };
        return (shifted(STEP) - shifted(-STEP)) / (2 * STEP);
      }),
    ]),
  );
}
