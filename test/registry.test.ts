/** @file A registry: order, unknown names, and who is told of a new definition. */
import { describe, expect, it } from 'vitest';
import { UserError } from '../src/errors.ts';
import { Registry } from '../src/registry.ts';

const fruits = () => new Registry('fruit', [{ name: 'pear' }, { name: 'apple' }]);

describe('a registry', () => {
  it('keeps the order of registration', () => {
    const registry = fruits();
    registry.register({ name: 'fig' });
    expect(registry.names).toEqual(['pear', 'apple', 'fig']);
    expect([...registry]).toEqual([{ name: 'pear' }, { name: 'apple' }, { name: 'fig' }]);
  });

  it('finds a definition, or says what the nearest name is', () => {
    expect(fruits().get('apple')).toEqual({ name: 'apple' });
    expect(() => fruits().get('aple')).toThrow(new UserError('unknown fruit "aple" (did you mean "apple"?)'));
    expect(() => fruits().get('toString')).toThrow(UserError);
  });

  it('does not let a name be taken twice', () => {
    expect(() => fruits().register({ name: 'pear' })).toThrow('there is a fruit "pear" already');
  });

  it('tells its listeners of each new definition, once it can be found', () => {
    const registry = fruits();
    const seen: string[][] = [];
    registry.onRegister(() => seen.push(registry.names));
    registry.register({ name: 'fig' });
    expect(seen).toEqual([['pear', 'apple', 'fig']]);
  });
});
