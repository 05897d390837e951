/** @file Every name that the settings know leads to a method of that name. */
import { describe, expect, it } from 'vitest';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { createRegularizer } from '../../src/methods/registry.ts';

describe('the registry', () => {
  it.each([
    { name: 'none' },
    { name: 'dropout', granularity: 'unit' },
    { name: 'targeted', granularity: 'weight' },
    { name: 'l1' },
    { name: 'variational' },
    { name: 'ramping', granularity: 'unit' },
    { name: 'targeted-ard' },
    { name: 'delayed-prune', granularity: 'weight' },
    { name: 'random-prune', granularity: 'unit' },
    { name: 'l0', granularity: 'weight' },
    { name: 'smallify', granularity: 'unit' },
  ])('creates $name', async (regularizer) => {
    const settings = runSettingsSchema.parse({ regularizer }).regularizer;
    expect((await createRegularizer(settings)).name).toBe(regularizer.name);
  });

  it('gives plain training no parts at all', async () => {
    expect(await createRegularizer({ name: 'none' })).toEqual({ name: 'none' });
  });
});
