/** @file What must be there is found, or missed with a message that says what. */
import { expect, it } from 'vitest';
import { at, namesOf, orThrow, tableOf } from '../src/lookup.ts';

it('a lookup returns what it found, also what is false, and throws its message where it found nothing', () => {
  expect(orThrow(0, 'no number')).toBe(0);
  expect(orThrow('', 'no text')).toBe('');
  expect(() => orThrow(new Map([['a', 1]]).get('b'), 'there is no b')).toThrow('there is no b');
});

it('a list or array of numbers has an element at each index below its length, and says which one it lacks', () => {
  expect(at(['a', 'b'], 1)).toBe('b');
  expect(at(Float32Array.of(0.5), 0)).toBe(0.5);
  expect(() => at([1, 2], 2)).toThrow('no element 2 in a list of 2');
  expect(() => at([1, 2], -1)).toThrow('no element -1 in a list of 2');
});

it('a table has the names that it was made of, in their order', () => {
  const lengths = tableOf(['Conv', 'Add'], (name) => name.length);
  expect(lengths).toEqual({ Conv: 4, Add: 3 });
  expect(namesOf(lengths)).toEqual(['Conv', 'Add']);
});
