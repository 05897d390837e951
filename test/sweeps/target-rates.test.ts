/** @file The targeting rates that come to the rates of a sweep. */
import { describe, expect, it } from 'vitest';
import type { AnySettings } from '../../src/methods/definition.ts';
import { methods } from '../../src/methods/registry.ts';
import { describeTargetRates, joinRates, listTargetRates } from '../../src/sweeps/target-rates.ts';
import { smallSettings } from '../training/small-mnist.ts';

const variantsOf = (regularizers: Readonly<Record<string, object>>) =>
  Object.entries(regularizers).map(([variant, regularizer]) => ({
    variant,
    regularizer: smallSettings({ regularizer: regularizer as never }).regularizer,
  }));

const VARIANTS = variantsOf({
  none: { name: 'none' },
  'targeted-weight': { name: 'targeted', granularity: 'weight', targetRate: 0.75 },
  'targeted-unit': { name: 'targeted', granularity: 'unit', targetRate: 0.75 },
  ramping: { name: 'ramping', granularity: 'weight' },
  mask: { name: 'random-prune', granularity: 'unit', targetRate: 0.85 },
  gradual: { name: 'gradual-magnitude', granularity: 'weight', targetRate: 0.9 },
});

describe('the targeting rates of an experiment', () => {
  it('are those that were not asked for: of a ramp its last one, each once', () => {
    const added = listTargetRates([0, 0.5, 0.9], VARIANTS);
    expect(describeTargetRates(added)).toBe(
      '0.75 (targeted-weight, targeted-unit), 0.85 (mask), 0.99 (ramping)',
    );
    expect(joinRates([0, 0.5, 0.9], added)).toEqual([0, 0.5, 0.75, 0.85, 0.9, 0.99]);
    expect(listTargetRates([0.75, 0.85, 0.9, 0.99], VARIANTS)).toEqual([]);
  });

  it('have among them the rates at which networks were pruned that runs go on from', () => {
    const retrained = variantsOf({
      'fine-tune': { name: 'fine-tune', granularity: 'weight', pruneRate: 0.8 },
      rewind: { name: 'rewind', granularity: 'unit', pruneRate: 0.6 },
    });
    expect(describeTargetRates(listTargetRates([0.5], retrained))).toBe('0.6 (rewind), 0.8 (fine-tune)');
  });

  it('are none where nothing or everything would be removed', () => {
    const extremes = variantsOf({
      nothing: { name: 'targeted', granularity: 'weight', targetRate: 0 },
      all: { name: 'targeted', granularity: 'weight', targetRate: 1 },
    });
    expect(listTargetRates([0.5], extremes)).toEqual([]);
  });

  it('are found in the settings of every method that has one', () => {
    const settings = [...methods].flatMap(({ settings: schema, name }): AnySettings[] => {
      const granularities = [{}, { granularity: 'weight' }, { granularity: 'unit' }];
      return granularities.flatMap((more) => schema.safeParse({ name, ...more }).data ?? []);
    });
    const own = settings.filter((one) => 'targetRate' in one);
    expect(own.length).toBeGreaterThan(8);
    for (const regularizer of own)
      expect(listTargetRates([], [{ variant: 'v', regularizer }]), regularizer.name).toHaveLength(1);
  });
});
