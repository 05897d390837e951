import * as tf from '@tensorflow/tfjs';
import { defineMethod, name, positive, type Regularizer, requireTensor, z } from 'targeted-dropout/plugin';

const settings = z.strictObject({ name: name('weight-noise'), sd: positive.default(0.1) });

const createWeightNoise = ({ sd }: z.output<typeof settings>): Regularizer => ({
  name: 'weight-noise',
  noise: ({ shape }) => ({ normal: { shape, distribution: 'normal' } }),
  effectiveWeight: ({ weight, noise }) => tf.add(weight, tf.mul(sd, requireTensor(noise, 'normal'))),
});

export const methods = [
  defineMethod({
    name: 'weight-noise',
    settings,
    columns: { 'weight-noise': 'normal noise on every weight; the number is its standard deviation.' },
    label: ({ sd }) => ({ numbers: [sd] }),
    load: async () => createWeightNoise,
  }),
];
