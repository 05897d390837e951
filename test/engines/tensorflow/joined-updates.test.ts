/** @file Updates with momentum of many parameters by td's one kernel for TensorFlow: what is joined, what it gives, and what must not see it. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { NamedArrays } from '../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { recordStep } from '../../../src/compiler/trace-step.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import { NO_KERNELS, type OwnKernels } from '../../../src/engines/tensorflow/kernels.ts';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { JOINED_UPDATES, optimizeForTensorflow } from '../../../src/engines/tensorflow/passes/optimize.ts';
import { planProgram } from '../../../src/engines/tensorflow/plan.ts';
import type { Update } from '../../../src/engines/tensorflow/update-kinds.ts';
import { splitUpdates } from '../../../src/engines/tensorflow/updates.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { createNumbers } from '../../support/numbers.ts';
import { computeElsewhere, largestError, NO_OWN_KERNELS } from '../../support/own-kernels.ts';
import { describeAbsent } from '../../support/required-engines.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';
import { createTrainingCase, OPTIMIZERS } from '../../support/training-cases.ts';
import {
  computePlainly,
  DESCENTS,
  type Descents,
  descend,
  hashOf,
  ROUNDING,
  runNatively,
} from './update-cases.ts';

await useCpuBackend();

const OWN: OwnKernels = { ...NO_KERNELS, lanes: 8, passes: true, dense: true, updates: true };
const spec = (...shape: number[]) => ({ shape, dtype: 'float32' as const });

function planOf(optimizer: string, gradientClip?: number) {
  const schedule = {
    optimizer: OPTIMIZERS[optimizer],
    learningRate: 0.1,
    ...(gradientClip !== undefined && { gradientClip }),
  };
  const { compiled, setup } = createTrainingCase('mlp', { name: 'none' }, schedule);
  const plan = (own: OwnKernels, skip: readonly string[] = []) =>
    planProgram(compiled.step, compiled.signature, new Set(skip), own);
  return { plan, parameters: setup.model.parameters.map(({ name }) => name) };
}

const kindsOf = (updates: readonly Update[]) => updates.map(({ kind }) => kind);

describe('updates with momentum', () => {
  it.each([
    ['momentum', false],
    ['nesterov', true],
  ])('of %s are one for all parameters, and clip the gradients on their way', (name, nesterov) => {
    const { plan, parameters } = planOf(name, 1);
    const { rest, updates } = plan(OWN);
    expect(updates).toMatchObject([{ kind: 'joined-momentum', nesterov, factor: { shape: [] } }]);
    const [joined] = updates;
    const descents = joined?.kind === 'joined-momentum' ? joined.descents : [];
    expect(descents.map(({ parameter }) => parameter).sort()).toEqual(parameters.sort());
    for (const { parameter, accumulator } of descents)
      expect(accumulator).toBe(`optimizer/velocity/${parameter}`);
    expect(rest.operations.filter(({ op }) => op === 'ScaleAll' || op === 'Multiply')).toEqual(
      plan(OWN, ['joined-updates']).rest.operations.filter(({ op }) => op === 'Multiply'),
    );
  });

  it('are left as they are without the kernel, and where the pass is left out', () => {
    const { plan, parameters } = planOf('momentum', 1);
    const single = parameters.map(() => 'momentum');
    expect(kindsOf(plan({ ...OWN, updates: false }).updates)).toEqual(single);
    expect(kindsOf(plan(OWN, [JOINED_UPDATES]).updates)).toEqual(single);
    const [clipped] = plan(OWN, [JOINED_UPDATES]).rest.operations.filter(({ op }) => op === 'ScaleAll');
    expect(clipped?.outputs).toHaveLength(parameters.length);
  });

  it('multiply gradients by nothing where none are clipped', () => {
    const [joined] = planOf('momentum').plan(OWN).updates;
    expect(joined).toMatchObject({ kind: 'joined-momentum' });
    expect(joined).not.toHaveProperty('factor');
  });

  it.each(['sgd', 'adam'])('do not take those of %s along', (name) => {
    expect(new Set(kindsOf(planOf(name, 1).plan(OWN).updates))).toEqual(new Set(['subtract']));
  });

  const split = (step: StepFunction) => {
    const graph = optimizeForTensorflow(
      recordStep(step, {
        state: { w: spec(3), v: spec(3), u: spec(2, 2), s: spec(2, 2), other: spec(3) },
        feeds: { x: spec(3), y: spec(2, 2), rate: spec(), slow: spec(), clip: spec() },
      }),
      new Set(),
      OWN,
    );
    return splitUpdates(graph, true);
  };
  const step =
    (
      change: (tensors: Record<string, tf.Tensor>) => Partial<Record<'fetches' | 'state', tf.NamedTensorMap>>,
      rate = 'rate',
    ): StepFunction =>
    ({ w, v, u, s }, { x, y, clip, ...feeds }) => {
      const scale = tf.square(clip as tf.Tensor);
      const gradients = [tf.mul(x as tf.Tensor, scale), tf.mul(y as tf.Tensor, scale)] as const;
      const next = tf.add(tf.mul(v as tf.Tensor, 0.5), gradients[0]);
      const nextOther = tf.add(tf.mul(s as tf.Tensor, 0.5), gradients[1]);
      const { state = {}, fetches = {} } = change({
        w: w as tf.Tensor,
        v: v as tf.Tensor,
        gradient: gradients[0],
      });
      return {
        state: {
          w: tf.sub(w as tf.Tensor, tf.mul(feeds.rate as tf.Tensor, next)),
          v: next,
          u: tf.sub(u as tf.Tensor, tf.mul(feeds[rate] as tf.Tensor, nextOther)),
          s: nextOther,
          ...state,
        },
        fetches,
      };
    };
  const described = (updates: readonly Update[]) =>
    updates.map((update) =>
      update.kind === 'joined-momentum'
        ? [update.descents.map(({ parameter }) => parameter).join(), update.factor !== undefined]
        : [update.kind],
    );

  it('are apart where a number of theirs is another', () => {
    expect(described(split(step(() => ({}))).updates)).toEqual([['w,u', true]]);
    expect(described(split(step(() => ({}), 'slow')).updates)).toEqual([
      ['w', true],
      ['u', true],
    ]);
  });

  it('leave a gradient scaled that is wanted besides, and with it those that are scaled along', () => {
    const { rest, updates } = split(
      step(({ gradient }) => ({ fetches: { gradient: gradient as tf.Tensor } })),
    );
    expect(described(updates)).toEqual([['w,u', false]]);
    expect(rest.operations.filter(({ op }) => op === 'ScaleAll')).toHaveLength(1);
  });

  it.each<[string, (tensors: Record<string, tf.Tensor>) => ReturnType<Parameters<typeof step>[0]>]>([
    ['weights are fetched', ({ w }) => ({ fetches: { w: tf.reshape(w as tf.Tensor, [3, 1]) } })],
    ['a part of them is', ({ w }) => ({ fetches: { w: tf.slice(w as tf.Tensor, [0], [2]) } })],
    [
      'a sum along an axis of one element is',
      ({ w }) => ({ fetches: { w: tf.sum(tf.reshape(w as tf.Tensor, [3, 1]), 1) } }),
    ],
    ['what is computed of each weight is', ({ w }) => ({ fetches: { w: tf.neg(tf.neg(w as tf.Tensor)) } })],
    ['velocities are', ({ v }) => ({ fetches: { v: v as tf.Tensor } })],
    ['weights become another entry of the state', ({ w }) => ({ state: { other: w as tf.Tensor } })],
  ])('do not write into memory that outlives the step: %s', (_, change) => {
    const { updates } = split(step(change));
    // Both gradients are scaled by one kernel then.
    expect(described(updates)).toEqual([['momentum'], ['u', false]]);
  });

  it('write where only numbers computed of them are fetched', () => {
    const { updates } = split(step(({ w }) => ({ fetches: { length: tf.sum(tf.square(w as tf.Tensor)) } })));
    expect(described(updates)).toEqual([['w,u', true]]);
  });
});

describeTensorflow('updates with momentum by one kernel', () => {
  const native = loadNative({ threads: 2, device: 'cpu', deterministic: true });
  if (!native.updates) return describeAbsent('tensorflow', NO_OWN_KERNELS);

  it.each(DESCENTS)('are those of plain loops in double precision: $name', async (descents) => {
    const { state, fetches } = await runNatively(descents, native);
    const expected = computePlainly(descents);
    expect(largestError(expected.state, state)).toBeLessThan(ROUNDING);
    // What is fetched is of the weights before the update, as in every other engine.
    expect(largestError(expected.fetches, fetches)).toBeLessThan(ROUNDING);
  });

  it("are TensorFlow's own to rounding", async () => {
    for (const descents of DESCENTS) {
      const { state } = await runNatively(descents, native, [JOINED_UPDATES]);
      expect(
        largestError(state as Record<string, Float32Array>, (await runNatively(descents, native)).state),
      ).toBeLessThan(ROUNDING);
    }
  });

  it('leave what is fetched of the weights as the step found it', async () => {
    const signature: Signature = { state: { w: spec(40), v: spec(40) }, feeds: { x: spec(40) } };
    const numbers = createNumbers(6);
    const [w, v, x] = [numbers.normal(40), numbers.normal(40), numbers.normal(40)];
    const moves: Record<string, (weights: tf.Tensor) => tf.Tensor> = {
      reshaped: (weights) => tf.reshape(weights, [5, 8]),
      cut: (weights) => tf.slice(weights, [0], [40]),
      tiled: (weights) => tf.tile(weights, [1]),
      turned: (weights) => tf.transpose(tf.reshape(weights, [1, 40])),
      summed: (weights) => tf.sum(tf.reshape(weights, [40, 1]), 1),
      largest: (weights) => tf.max(tf.reshape(weights, [1, 40]), 0),
      added: (weights) => tf.addN([weights]),
      negated: (weights) => tf.neg(tf.neg(weights)),
    };
    for (const [name, move] of Object.entries(moves)) {
      const step: StepFunction = (state, feeds) => ({
        state: descend(DESCENTS[0] as Descents)(state, feeds).state,
        fetches: { found: move(state.w as tf.Tensor) },
      });
      const program = compile(step, signature, native);
      await program.writeState({ w, v });
      const { found } = await program.run({ x });
      expect(found, name).toEqual(w);
      expect((await program.readState()).w, name).not.toEqual(w);
      program.dispose();
    }
  });

  it('change nothing that was written to the state, and nothing of another program', async () => {
    const [descents] = DESCENTS as [Descents];
    const signature: Signature = { state: { w: spec(5), v: spec(5) }, feeds: { x: spec(5) } };
    const numbers = createNumbers(5);
    const written: NamedArrays = { w: numbers.normal(5), v: numbers.normal(5) };
    const before = structuredClone(written);
    const programs = [
      compile(descend(descents), signature, native),
      compile(descend(descents), signature, native),
    ] as const;
    for (const program of programs) await program.writeState(written);
    const first = await programs[0].readState();
    const x = numbers.normal(5);
    await programs[0].run({ x });
    expect(written).toEqual(before);
    expect(first).toEqual(before);
    expect(await programs[1].readState()).toEqual(before);
    const after = await programs[0].readState();
    expect(after.w).not.toEqual(before.w);
    // Written back, it goes on as from there.
    await programs[1].writeState(after);
    for (const program of programs) await program.run({ x });
    expect(await programs[1].readState()).toEqual(await programs[0].readState());
    for (const program of programs) program.dispose();
  });

  it('give the same bits with one thread as with three, and every time', async () => {
    const [one, three] = [1, 3].map((threads) =>
      computeElsewhere<{ hashes: string[] }>('update-process.ts', threads, native.lanes),
    );
    expect(one).toEqual(three);
    expect(await Promise.all(DESCENTS.map((descents) => hashOf(descents, native)))).toEqual(one?.hashes);
  });

  it('give the same to rounding by the instructions of older processors', () => {
    const { lanes, errors } = computeElsewhere<{ lanes: number; errors: number[] }>(
      'update-process.ts',
      2,
      8,
    );
    expect(lanes).toBe(8);
    expect(errors).toHaveLength(DESCENTS.length);
    for (const error of errors) expect(error).toBeLessThan(ROUNDING);
  });
});
