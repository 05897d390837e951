/** @file The one kind of error that is the user's to mend, and the wording that all of them share. */
import { closest, distance } from 'fastest-levenshtein';

/**
 * A mistake that the user can mend: printed as one sentence without a stack, exit code 2.
 * The message says what is wrong, where, and what was expected.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/**
 * The clause that ends an error about an unknown name: the nearest valid name if one is near, else all of them.
 *
 * @returns for example ` (did you mean "targeted"?)` or ` (expected one of: l1, none)`
 */
export function suggest(name: string, valid: readonly string[]): string {
  if (valid.length === 0) return '';
  const nearest = closest(name.toLowerCase(), [...valid]);
  const isNear =
    distance(name.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, Math.floor(name.length / 3));
  return isNear ? ` (did you mean "${nearest}"?)` : ` (expected one of: ${valid.join(', ')})`;
}
