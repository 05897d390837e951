/** @file Checks the order of names. */
import { describe, expect, it } from 'vitest';
import { compareByList, compareNaturally } from '../src/order.ts';

describe('order', () => {
  it('takes numbers inside names as numbers', () => {
    expect(['lenet-300', 'lenet-5', 'l1', 'l10', 'l2'].sort(compareNaturally)).toEqual([
      'l1',
      'l2',
      'l10',
      'lenet-5',
      'lenet-300',
    ]);
  });

  it('follows a list first and puts other names after it', () => {
    const names = ['b', 'none', 'a', 'targeted'];
    expect(names.sort(compareByList(['targeted', 'none']))).toEqual(['targeted', 'none', 'a', 'b']);
  });
});
