/** @file Checks maps that are filled as they are asked. */
import { expect, it, vi } from 'vitest';
import { getOrMake, groupBy } from '../src/maps.ts';

it('a value is made when its key is first asked for, and kept', () => {
  const made = new Map<string, number>();
  const make = vi.fn(() => 7);
  expect([getOrMake(made, 'a', make), getOrMake(made, 'a', make)]).toEqual([7, 7]);
  expect(make).toHaveBeenCalledTimes(1);
});

it('items of one key stay in their order, and keys come as they were first met', () => {
  const groups = groupBy([3, 1, 4, 1, 5], (number) => (number % 2 === 0 ? 'even' : 'odd'));
  expect([...groups]).toEqual([
    ['odd', [3, 1, 1, 5]],
    ['even', [4]],
  ]);
});
