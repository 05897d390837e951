/** @file Settings of a made-up method, the example of docs/extending.md. */
import { z } from 'zod';
import { defineMethod } from '../../../src/methods/definition.ts';
import { name, positive } from '../../../src/settings/values.ts';

const settings = z.strictObject({ name: name('weight-noise'), sd: positive.default(0.1) });
export type WeightNoiseSettings = z.output<typeof settings>;

export const weightNoise = defineMethod({
  name: 'weight-noise',
  settings,
  columns: { 'weight-noise': 'normal noise on every weight; the number is its standard deviation.' },
  label: ({ sd }) => ({ numbers: [sd] }),
  load: async () => (await import('./regularizer.ts')).createWeightNoise,
});
