/** @file Whole training steps give the same on each compiled engine as on the reference engine. */

import { describe, expect, it } from 'vitest';
import type { ArrayData, NamedArrays } from '../../src/arrays.ts';
import { createReferenceEngine } from '../../src/engines/eager/engine.ts';
import type { Engine } from '../../src/engines/types.ts';
import { buildEvaluationStep } from '../../src/training/evaluator.ts';
import { describeCompiledEngines } from '../support/compiled-engines.ts';
import { largestDifference, runOnce } from '../support/engines.ts';
import { createTrainingCase, METHODS, OPTIMIZERS, type TrainingCase } from '../support/training-cases.ts';

/**
 * Largest difference allowed between an element on the two engines, relative to the largest element of its array.
 * Single precision rounds at 6e-8; steps add up and multiply what each of them loses, most where batch normalisation
 * divides by a small deviation. A VGG with the usual epsilon is left out: normalised thirteen times over batches of 4, it is chaotic.
 */
const BOUNDS = {
  mlp: 5e-6,
  lenet: 2e-5,
  standardizedLenet: 2e-5,
  pooledLenet: 2e-5,
  resnet: 1e-4,
  blockedResnet: 1e-4,
  wideResnet: 1e-4,
  smoothVgg: 1e-4,
} as const;
type TrainedModel = keyof typeof BOUNDS;

/**
 * Magnitude below which arrays are not scaled up, where gradients can be zero but for rounding: the shift of a batch normalisation
 * that another one behind it takes out again.
 */
const FLOOR: Partial<Record<TrainedModel, number>> = { smoothVgg: 1e-3 };

/**
 * Three steps of each method, and no more: many normalisations in a row let rounding errors grow, and of many weights a few have
 * gradients of little more than rounding errors, which Adam scales up to full steps.
 */
const FEW_STEPS: readonly TrainedModel[] = ['smoothVgg', 'wideResnet'];

/**
 * Seed of the longest comparison where it is not the usual one. With that, and on TensorFlow with 4, engines are a millionth apart for
 * some steps until rounding decides whether ReLU lets an activation pass, and take different ways from there. With 5, 6 and 7 they stay
 * below a hundred-thousandth over all steps.
 */
const LONG_SEED: Partial<Record<TrainedModel, number>> = { blockedResnet: 5 };

/**
 * For the same reason each step of a method begins where the reference engine stands. On their own ways, TensorFlow with one thread and targeted
 * dropout of units were 0.12 apart after the third step; from the same state each step differs by 4e-6 at most. The longest comparison goes on its own.
 */
const STEP_BY_STEP: readonly TrainedModel[] = ['blockedResnet'];

/** These go over 5 steps on every model. */
const FEW_METHODS = [
  'none',
  'targeted dropout of weights',
  'targeted dropout of units',
  'variational dropout',
];
/** Models whose layers are those of another one, arranged otherwise. */
const FORMS: readonly TrainedModel[] = [
  'standardizedLenet',
  'pooledLenet',
  'blockedResnet',
  'wideResnet',
  'smoothVgg',
];

/**
 * Methods with the number of steps: every method on every kind of layer, a few of them on models that only arrange these otherwise.
 * On a software adapter a step takes up to a second, so there the only network with every method is one that has both kinds of layers,
 * and few methods go over many steps.
 */
const methodsOf = (model: TrainedModel, engineName: string) =>
  Object.entries(METHODS)
    .map(([name, regularizer]) => {
      const hasAll = engineName !== 'webgpu' && (model === 'mlp' || model === 'lenet');
      const isLong = hasAll || FEW_METHODS.includes(name);
      return { name, regularizer, steps: isLong && !FEW_STEPS.includes(model) ? 5 : 3 };
    })
    .filter(
      ({ name }) =>
        FEW_METHODS.includes(name) || (engineName === 'webgpu' ? model === 'lenet' : !FORMS.includes(model)),
    );

interface Difference {
  readonly difference: number;
  readonly where: string;
}

const reference = await createReferenceEngine();

/** What the steps of a training fetch, and the state at the end, each scaled by its largest magnitude. */
async function trainOn(engine: Engine, { compiled, state, feedsOf }: TrainingCase, steps: number) {
  const program = await engine.compile(compiled.step, compiled.signature);
  await program.writeState(state);
  const results: NamedArrays = {};
  for (let step = 0; step < steps; step++) {
    for (const [name, data] of Object.entries(await program.run(feedsOf(step))))
      results[`${step}/${name}`] = data;
  }
  Object.assign(results, await program.readState());
  program.dispose();
  return results;
}

function relativeDifference(actual: NamedArrays, expected: NamedArrays, floor = 0): Difference {
  const scales = Object.entries(expected).map(
    ([name, data]) => [name, Math.max(floor, ...data.map(Math.abs)) || 1] as const,
  );
  const scaled = (arrays: NamedArrays): NamedArrays =>
    Object.fromEntries(
      scales.map(([name, scale]) => [name, (arrays[name] ?? new Float32Array()).map((v) => v / scale)]),
    );
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  return largestDifference(scaled(actual), scaled(expected));
}

/** What the reference engine gives, computed once for all engines that are compared with it. */
const expectations = new Map<string, Promise<NamedArrays>>();

function expected(key: string, trainingCase: TrainingCase, steps: number): Promise<NamedArrays> {
  const known = expectations.get(key) ?? trainOn(reference, trainingCase, steps);
  expectations.set(key, known);
  return known;
}

/** Engines that both do nothing would agree too. */
function expectLearning(results: NamedArrays, { setup, state }: TrainingCase): void {
  for (const { name } of setup.model.parameters) {
    expect(results[name], `${name} has changed`).not.toEqual(state[name]);
    expect(results[name]?.every(Number.isFinite), `${name} is finite`).toBe(true);
  }
}

describeCompiledEngines('training steps', (engine, engineName) => {
  describe.each(Object.keys(BOUNDS) as TrainedModel[])('of the model %s', (model) => {
    const differences: (Difference & { readonly what: string })[] = [];

    /** Trains on both engines and compares all that they fetched and kept. */
    const compare = async (what: string, trainingCase: TrainingCase, steps: number): Promise<void> => {
      const wanted = await expected(`${model} ${what} ${steps}`, trainingCase, steps);
      const actual = await trainOn(engine, trainingCase, steps);
      expectClose(actual, wanted, what, `after ${steps} steps`);
      expectLearning(wanted, trainingCase);
    };

    /** The same, each step from the same state. */
    const compareSteps = async (what: string, trainingCase: TrainingCase, steps: number): Promise<void> => {
      const programs = await Promise.all(
        [reference, engine].map(({ compile }) =>
          compile(trainingCase.compiled.step, trainingCase.compiled.signature),
        ),
      );
      let state = trainingCase.state;
      for (let step = 0; step < steps; step++) {
        const results: NamedArrays[] = [];
        for (const program of programs) {
          await program.writeState(state);
          const fetches = await program.run(trainingCase.feedsOf(step));
          results.push({ ...fetches, ...(await program.readState()) });
        }
        const [wanted, actual] = results as [NamedArrays, NamedArrays];
        expectClose(actual, wanted, what, `in step ${step + 1}`);
        state = Object.fromEntries(Object.keys(state).map((name) => [name, wanted[name] as ArrayData]));
      }
      for (const program of programs) program.dispose();
      expectLearning(state, trainingCase);
    };

    function expectClose(actual: NamedArrays, wanted: NamedArrays, what: string, when: string): void {
      const { difference, where } = relativeDifference(actual, wanted, FLOOR[model]);
      const summary = `largest relative difference ${when}: ${difference.toExponential(1)} in ${where}`;
      expect(difference, summary).toBeLessThan(BOUNDS[model]);
      differences.push({ what, difference, where });
    }

    it.each(methodsOf(model, engineName))(
      'agree over $steps steps with $name',
      ({ name, regularizer, steps }) => {
        const schedule = { learningRate: 0.05, gradientClip: 1, weightDecay: 0.01 };
        const trainingCase = createTrainingCase(model, regularizer, schedule);
        return STEP_BY_STEP.includes(model)
          ? compareSteps(name, trainingCase, steps)
          : compare(name, trainingCase, steps);
      },
    );

    const isLong = !FEW_STEPS.includes(model);

    it.runIf(isLong && !FORMS.includes(model)).each(Object.entries(OPTIMIZERS))(
      'agree over 5 steps with the optimizer %s',
      (name, optimizer) =>
        compare(name, createTrainingCase(model, { name: 'none' }, { optimizer, learningRate: 0.02 }), 5),
    );

    // On a software adapter a step takes up to a second.
    it.runIf(isLong && engineName !== 'webgpu')(
      'agree over 20 steps of targeted dropout, and all differences stay small',
      async ({ annotate }) => {
        const targeted = METHODS['targeted dropout of weights'] ?? { name: 'none' };
        await compare(
          '20 steps',
          createTrainingCase(model, targeted, { learningRate: 0.05 }, LONG_SEED[model]),
          20,
        );
        const [largest] = differences.sort((a, b) => b.difference - a.difference);
        if (largest === undefined) throw new Error('nothing was compared');
        const { what, where, difference } = largest;
        await annotate(`largest relative difference: ${difference.toExponential(1)} in ${where} (${what})`);
      },
    );

    it('agree in what they evaluate', async () => {
      const { setup, state, feedsOf } = createTrainingCase(model, { name: 'none' });
      const { batchSize } = setup.schedule;
      const { step, signature } = buildEvaluationStep(setup.model, batchSize);
      const parameters = Object.fromEntries(
        setup.model.parameters.map(({ name }) => [name, state[name] ?? new Float32Array()]),
      );
      const { images, labels } = feedsOf(0);
      const feeds = {
        images: images as Float32Array,
        labels: labels as Int32Array,
        valid: Float32Array.from({ length: batchSize }, (_, image) => (image < batchSize - 1 ? 1 : 0)),
      };
      const wanted = await runOnce(reference, step, signature, { state: parameters, feeds });
      const actual = await runOnce(engine, step, signature, { state: parameters, feeds });
      expect(relativeDifference(actual.fetches, wanted.fetches).difference).toBeLessThan(BOUNDS[model]);
      expect(actual.fetches.correct).toEqual(wanted.fetches.correct);
    });
  });
});
