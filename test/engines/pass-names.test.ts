/** @file Passes of the compiler are left out by name. */
import { describe, expect, it } from 'vitest';
import { PASS_NAMES, skippedPasses } from '../../src/engines/pass-names.ts';

describe('names of passes', () => {
  it('are read from a list', () => {
    expect([...skippedPasses('dead-code, blocked-layout')]).toEqual(['dead-code', 'blocked-layout']);
    expect(skippedPasses('').has('dead-code')).toBe(false);
    expect([...skippedPasses(PASS_NAMES.join())]).toEqual(PASS_NAMES);
  });

  it('are corrected', () => {
    expect(() => skippedPasses('dead-cod')).toThrow('(did you mean "dead-code"?)');
  });
});
