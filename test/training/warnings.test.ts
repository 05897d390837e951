/** @file Warnings of settings that a training is too short for, or that a sweep does not show. */
import { describe, expect, it } from 'vitest';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { foreseeStepsPerEpoch, warningsOf } from '../../src/training/warnings.ts';
import { type SettingsInput, smallSettings } from './small-mnist.ts';

/** Ten epochs of 100 steps, pruned at up to 90 %. */
const warningsFor = (input: SettingsInput) =>
  warningsOf(
    { settings: smallSettings({ ...input, schedule: { epochs: 10, ...input.schedule } }) },
    {
      epochs: 10,
      stepsPerEpoch: 100,
      largestRate: 0.9,
    },
  );

const ramping = (first: number | string, second: number | string): SettingsInput => ({
  regularizer: { name: 'ramping', granularity: 'weight', targetRate: 0.9, ramp: { first, second } },
});
const gradual = (begin: string, end: string): SettingsInput => ({
  regularizer: { name: 'gradual-magnitude', granularity: 'weight', begin, end },
});

describe('a warning', () => {
  it.each<[string, SettingsInput, SettingsInput]>([
    ['schedule.warmup is 11 epochs', { schedule: { warmup: 11 } }, { schedule: { warmup: 10 } }],
    [
      'a point of schedule.decay.at is 1000 steps, where the training of 1000 steps has ended',
      { schedule: { decay: { name: 'steps', at: [5, '1000it'] } } },
      { schedule: { decay: { name: 'steps', at: [5, '999it'] } } },
    ],
    [
      'the ramp (ramp.first and ramp.second) is 11 epochs, longer than the training of 10 epochs',
      ramping(5, 6),
      ramping(5, 5),
    ],
    [
      'the ramp (ramp.first and ramp.second) is 1001 steps, longer than the training of 1000 steps',
      ramping(5, '501it'),
      ramping(5, '500it'),
    ],
    [
      'delay is 1000 steps, where the training of 1000 steps has ended: nothing is pruned in training',
      { regularizer: { name: 'delayed-prune', granularity: 'unit', delay: '1000it' } },
      { regularizer: { name: 'delayed-prune', granularity: 'unit', delay: '999it' } },
    ],
    ['end is 10 epochs, where the training of 10 epochs', gradual('1ep', '10ep'), gradual('1ep', '9ep')],
    [
      'warmupSteps is 1001 steps, longer than the training of 1000 steps',
      { regularizer: { name: 'variational', warmupSteps: 1001 } },
      { regularizer: { name: 'variational', warmupSteps: 1000 } },
    ],
    [
      'targetRate is 0.91, but the largest rate of the sweep is 0.9',
      { regularizer: { name: 'targeted', granularity: 'unit', targetRate: 0.91 } },
      { regularizer: { name: 'targeted', granularity: 'unit', targetRate: 0.9 } },
    ],
    [
      'targetRate is 0.95',
      { regularizer: { name: 'random-prune', granularity: 'unit', targetRate: 0.95 } },
      { regularizer: { name: 'random-prune', granularity: 'unit' } },
    ],
  ])('is given where %s, and not just below', (sentence, beyond, within) => {
    expect(warningsFor(beyond)).toEqual([expect.stringContaining(sentence)]);
    expect(warningsFor(within)).toEqual([]);
  });

  it('counts the steps of an epoch without the images that are held out', () => {
    const stepsOf = (dataset: SettingsInput['dataset']) =>
      foreseeStepsPerEpoch(runSettingsSchema.parse({ dataset, schedule: { batchSize: 100 } }));
    expect(stepsOf({})).toBe(600);
    expect(stepsOf({ validation: 10_000 })).toBe(500);
    expect(stepsOf({ validation: 0.5, trainImages: 3000 })).toBe(15);
    expect(stepsOf({ trainImages: 30 })).toBeUndefined();
    expect(
      stepsOf({ name: 'images', path: '/nowhere', size: [8, 8] } as SettingsInput['dataset']),
    ).toBeUndefined();
  });
});

describe('where the best epoch is kept', () => {
  const keeping = (regularizer: SettingsInput['regularizer'], keep = 'best-validation' as const) =>
    warningsFor({ regularizer, dataset: { validation: 10 }, schedule: { keep } } as SettingsInput);

  it.each<[string, SettingsInput['regularizer'], number]>([
    ['the last mask is chosen (end)', { name: 'gradual-magnitude', granularity: 'weight', begin: 1, end: 8 }, 9],
    ['weights are pruned (delay)', { name: 'delayed-prune', granularity: 'weight', delay: 5 }, 6],
    ['the ramp is at its end (ramp.first and ramp.second)', { name: 'ramping', granularity: 'weight', targetRate: 0.9, ramp: { first: 2, second: 3 } }, 6],
  ])('it may be one from before %s', (what, regularizer, epoch) => {
    const warning = `schedule.keep is best-validation, which may keep an epoch before ${what}, in epoch ${epoch}: the network would be pruned less than its settings say`;
    expect(keeping(regularizer)).toContain(warning);
    expect(warningsFor({ regularizer } as SettingsInput)).not.toContain(warning);
  }); // biome-ignore format: a table
});

describe('the last mask of gradual magnitude pruning', () => {
  it.each([
    ['10ep', '300it', 0],
    ['11ep', '700it', 0],
    ['10ep', '100it', 1],
  ])('with end %s and every %s is told if the training does not come to it', (end, every, count) => {
    const regularizer = { name: 'gradual-magnitude', granularity: 'weight', targetRate: 0.9, begin: '0it', end, every } as const; // biome-ignore format: one line
    expect(warningsFor({ regularizer } as SettingsInput)).toHaveLength(count);
  });
});
