/** @file The sentence that a user's mistake is answered by. */
import { describe, expect, it } from 'vitest';
import { codeOf, messageOf, nearestOf, suggest, UserError } from '../src/errors.ts';

describe('a mistake of the user', () => {
  it('is told on one line, whatever it quotes', () => {
    expect(new UserError('"a \n\r\n  b" is wrong\n').message).toBe('"a b" is wrong');
  });

  it('shows what cannot be seen, and leaves nothing that a terminal obeys', () => {
    const { message } = new UserError('name \u001b[31m\u0007\t\u202e\u2028\ud800 é💥 is wrong');
    expect(message).toBe('name \\x1b[31m\\x07\\x09\\u{202e}\\u{2028}\\u{d800} é💥 is wrong');
  });

  it('keeps its beginning and its end if it is very long', () => {
    const { message } = new UserError(`"${'x'.repeat(1e6)}" is no name`);
    expect(message).toMatch(/^"x{1499} … x+" is no name$/);
    expect(message.length).toBeLessThan(2010);
  });
});

describe('what was thrown', () => {
  it('has a message, whether it is an error or not', () => {
    expect(messageOf(new Error('the disk is full'))).toBe('the disk is full');
    expect(messageOf({ message: 'of another realm' })).toBe('of another realm');
    expect(messageOf('a text')).toBe('a text');
    expect(messageOf(undefined)).toBe('undefined');
  });

  it('has the code that the system gave it, or none', () => {
    expect(codeOf(Object.assign(new Error('there is no such file'), { code: 'ENOENT' }))).toBe('ENOENT');
    expect(codeOf(Object.assign(new Error('a number'), { code: 7 }))).toBe('');
    expect(codeOf(new Error('none'))).toBe('');
    expect(codeOf(null)).toBe('');
  });
});

describe('the nearest valid name', () => {
  it.each([
    ['targetd', 'targeted'],
    ['L1', 'l1'],
    ['l', 'l1'],
    ['mnsit-lent', 'mnist-lenet'],
    ['init', undefined],
    ['lenet', 'mnist-lenet'],
    ['gpu', 'webgpu'],
    ['ab', undefined],
    ['x', undefined],
    ['something', undefined],
  ])('to %s is %s', (name, nearest) => {
    const valid = ['targeted', 'l1', 'mnist-lenet', 'ci', 'cpu', 'webgpu'];
    expect(nearestOf(name, valid)).toBe(nearest);
    expect(suggest(name, valid)).toBe(
      nearest === undefined ? ` (expected one of: ${valid.join(', ')})` : ` (did you mean "${nearest}"?)`,
    );
  });

  it('is none where there is no name', () => {
    expect(nearestOf('a', [])).toBeUndefined();
    expect(suggest('a', [])).toBe('');
  });
});
