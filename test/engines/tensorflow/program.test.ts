/** @file Programs on TensorFlow: the same bits again and again, feeds as words, passes that change nothing, nothing left behind. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { NamedArrays } from '../../../src/arrays.ts';
import { skippedPasses } from '../../../src/engines/pass-names.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import {
  CROSS_ENTROPIES,
  DENSE_LAYERS,
  IMPLICIT_GEMM,
  JOINED_UPDATES,
  NORM_ACTIVATIONS,
  POOLS,
  SCALES,
  TENSORFLOW_PASSES,
  WEIGHT_PASSES,
} from '../../../src/engines/tensorflow/passes/optimize.ts';
import type { SavedModelOptions } from '../../../src/engines/tensorflow/saved-model.ts';
import { largestDifference } from '../../support/engines.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';
import { type CaseModel, createTrainingCase, METHODS } from '../../support/training-cases.ts';

/** Convolutions that oneDNN tells of, in a process without td's own kernels. */
function countPrimitives(environment: NodeJS.ProcessEnv = {}): number {
  const script = join(import.meta.dirname, 'convolution-process.ts');
  const { TF_ENABLE_ONEDNN_OPTS: _, ...env } = process.env;
  const printed = execFileSync(process.execPath, ['--import', 'tsx', script, '1'], {
    env: { ...env, TD_LANES: '0', ONEDNN_VERBOSE: '1', ...environment },
    encoding: 'utf8',
  });
  return printed.split('\n').filter((line) => line.includes('exec,cpu,convolution')).length;
}

describeTensorflow('a training step on TensorFlow', () => {
  const native = loadNative({ threads: 2, device: 'cpu', deterministic: true });

  it.runIf(process.arch === 'x64')(
    'computes with oneDNN where TensorFlow leaves it out, unless the user does',
    () => {
      expect(countPrimitives()).toBeGreaterThan(0);
      expect(countPrimitives({ TF_ENABLE_ONEDNN_OPTS: '0' })).toBe(0);
    },
  );

  /** State and fetches after three steps. */
  async function train(
    model: CaseModel,
    method: string,
    options: SavedModelOptions = {},
    skip = '',
  ): Promise<NamedArrays> {
    const { compiled, state, feedsOf } = createTrainingCase(model, METHODS[method] ?? { name: 'none' }, {
      gradientClip: 1,
      weightDecay: 0.01,
    });
    const program = compile(compiled.step, compiled.signature, native, options, skippedPasses(skip));
    await program.writeState(state);
    let fetches: NamedArrays = {};
    for (let step = 0; step < 3; step++) fetches = await program.run(feedsOf(step));
    const result = { ...(await program.readState()), ...fetches };
    program.dispose();
    return result;
  }

  it.each(['none', 'targeted dropout of weights', 'variational dropout', 'L0 gates of units'])(
    'with %s gives the same bits every time, also when its feeds travel as words',
    async (method) => {
      const first = await train('resnet', method);
      expect(await train('resnet', method)).toEqual(first);
      expect(await train('resnet', method, { feedsAsWords: true })).toEqual(first);
    },
  );

  it.each([
    ...Object.keys(TENSORFLOW_PASSES),
    NORM_ACTIVATIONS,
    WEIGHT_PASSES,
    DENSE_LAYERS,
    SCALES,
    JOINED_UPDATES,
    CROSS_ENTROPIES,
  ])('gives the same to rounding without the pass %s', async (pass) => {
    const expected = await train('resnet', 'targeted dropout of weights');
    const actual = await train('resnet', 'targeted dropout of weights', {}, pass);
    expect(largestDifference(actual, expected).difference).toBeLessThan(1e-5);
  });

  it.each([IMPLICIT_GEMM, POOLS])('gives the same to rounding without the pass %s', async (pass) => {
    const expected = await train('pooledLenet', 'targeted dropout of weights');
    const actual = await train('pooledLenet', 'targeted dropout of weights', {}, pass);
    expect(largestDifference(actual, expected).difference).toBeLessThan(1e-5);
  });

  it('gives the same to rounding when XLA compiles it, as a whole or in parts', async () => {
    const expected = await train('resnet', 'targeted dropout of weights');
    for (const xla of ['compile', 'cluster'] as const) {
      const actual = await train('resnet', 'targeted dropout of weights', { xla });
      expect(largestDifference(actual, expected).difference, xla).toBeLessThan(1e-5);
    }
  });

  it('leaves no tensor and no model behind', async () => {
    const before = [native.binding.getNumOfTensors(), native.binding.getNumOfSavedModels()];
    await train('lenet', 'Smallify of weights');
    expect([native.binding.getNumOfTensors(), native.binding.getNumOfSavedModels()]).toEqual(before);
  });

  it('never shares the memory of a feed with its state or its results', async () => {
    const { compiled, state, feedsOf } = createTrainingCase('lenet', { name: 'none' });
    const program = compile(compiled.step, compiled.signature, native);
    await program.writeState(state);
    const feeds = feedsOf(0);
    const fetches = await program.run(feeds);
    const copies = structuredClone({ fetches, state: await program.readState() });
    for (const array of [...Object.values(feeds), ...Object.values(state)]) array.fill(1);
    expect({ fetches, state: await program.readState() }).toEqual(copies);
    program.dispose();
  });
});
