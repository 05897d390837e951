/** @file Settings of methods: defaults that depend on the granularity, and what is refused. */
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../src/config/identity.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { messageOf, writeFolder } from '../config/folder.ts';

function refusal(regularizer: string): string {
  const folder = writeFolder({ 'x.yaml': `regularizer: ${regularizer}` });
  return messageOf(() => loadExperiment(`${folder}/x.yaml`), folder);
}

const resolve = (regularizer: unknown) => runSettingsSchema.parse({ regularizer });

describe('a default that depends on the granularity', () => {
  it.each([
    ['ramping', 'targetRate', 0.99, 0.9],
    ['l0', 'coefficient', 0.1, 0.01],
    ['smallify', 'coefficient', 1e-5, 1e-4],
  ])('of %s is the %s of weights or of units', (name, key, ofWeights, ofUnits) => {
    expect(resolve({ name, granularity: 'weight' }).regularizer).toHaveProperty(key, ofWeights);
    expect(resolve({ name, granularity: 'unit' }).regularizer).toHaveProperty(key, ofUnits);
  });

  it('is the same run as the same number written out, and yields to another', () => {
    const hashWith = (settings: object) => hashOf(resolve({ name: 'l0', granularity: 'unit', ...settings }));
    expect(hashWith({ coefficient: 0.01 })).toBe(hashWith({}));
    expect(hashWith({ coefficient: 0.1 })).not.toBe(hashWith({}));
    expect(resolve({ name: 'l0', granularity: 'unit', coefficient: 0 }).regularizer).toHaveProperty(
      'coefficient',
      0,
    );
  });
});

describe('a point in a ramp', () => {
  it('is one run however it was written', () => {
    const hashWith = (ramp: object) => hashOf(resolve({ name: 'ramping', granularity: 'weight', ramp }));
    expect(hashWith({ first: '49ep' })).toBe(hashWith({}));
    expect(hashWith({ first: '20000it', second: '20000it' })).not.toBe(hashWith({}));
  });
});

describe('a mistake', () => {
  it.each([
    [
      '{ name: ramping }',
      '1:14: key "granularity" is missing for regularizer "ramping", expected "weight" or "unit"',
    ],
    [
      '{ name: ramping, granularity: weight, perEntry: true }',
      '1:62: regularizer.perEntry is true: expected false, since entries are drawn in columns only at granularity "unit"',
    ],
    [
      '{ name: variational, perEntry: true }',
      '1:45: regularizer.perEntry is true: expected false, since weights have a variance each except at granularity "unit"',
    ],
    [
      '{ name: l0, granularity: unit, initialDropRate: 0 }',
      '1:62: regularizer.initialDropRate is 0, expected a number above 0 and below 1',
    ],
    [
      '{ name: smallify, granularity: unit, lambda: 1e-3 }',
      '1:51: unknown key "lambda" for regularizer "smallify" (expected one of: name, granularity, coefficient, decay, threshold)',
    ],
    [
      '{ name: ramping, granularity: unit, ramp: { first: 3steps } }',
      '1:65: regularizer.ramp.first is "3steps", expected epochs (12 or "12ep") or steps ("2000it")',
    ],
    ['{ name: random-pruning, granularity: unit }', '(did you mean "random-prune"?)'],
  ])('in %j is told with its place', (settings, sentence) => {
    expect(refusal(settings)).toContain(sentence);
  });
});
