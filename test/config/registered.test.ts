/** @file A method that is registered while td runs: the schema, its messages and hashes know it from then on. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { hashOf } from '../../src/config/identity.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { defineMethod } from '../../src/methods/definition.ts';
import { methods } from '../../src/methods/registry.ts';
import { messageOf, writeFolder } from './folder.ts';

const shrink = defineMethod({
  name: 'shrink',
  settings: z.strictObject({ name: z.literal('shrink'), factor: z.number().max(1).default(0.5) }),
  columns: { shrink: 'made up for this test.' },
  load: async () => () => ({ name: 'shrink' }),
});

it('settings of a method are valid once it is registered, with its defaults, messages and hash', () => {
  const read = (regularizer: string) => {
    const folder = writeFolder({ 'x.yaml': `regularizer: ${regularizer}` });
    return messageOf(() => loadExperiment(`${folder}/x.yaml`), folder);
  };
  const resolve = (regularizer: unknown) => runSettingsSchema.parse({ regularizer });
  const plain = hashOf(resolve({ name: 'none' }));
  expect(read('{ name: shrink }')).toMatch(
    /regularizer\.name is "shrink" \(expected one of: none, .*\), or the name of one in a plugin, whose file --plugin names/,
  );
  methods.register(shrink);
  expect(resolve({ name: 'shrink' }).regularizer).toEqual({ name: 'shrink', factor: 0.5 });
  expect(read('{ name: shrink, factor: 2 }')).toContain(
    'regularizer.factor is 2, expected a number at most 1',
  );
  expect(read('{ name: shrinc }')).toContain('(did you mean "shrink"?)');
  expect(hashOf(resolve({ name: 'shrink', factor: 0.5 }))).toBe(hashOf(resolve({ name: 'shrink' })));
  expect(hashOf(resolve({ name: 'shrink', factor: 0.4 }))).not.toBe(hashOf(resolve({ name: 'shrink' })));
  expect(hashOf(resolve({ name: 'none' }))).toBe(plain);
});
