/** @file The sentence that a user's mistake is answered by. */
import { describe, expect, it } from 'vitest';
import { codeOf, messageOf, UserError } from '../src/errors.ts';

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
