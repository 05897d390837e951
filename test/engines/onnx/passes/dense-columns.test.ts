/** @file Dense layers of evaluations as convolutions of one pixel: what they give, and where they are taken. */
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NamedArrays } from '../../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../../src/compiler/step.ts';
import { createReferenceEngine } from '../../../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../../../src/engines/onnx/engine.ts';
import type { OnnxCall } from '../../../../src/engines/onnx/operators.ts';
import { planProgram } from '../../../../src/engines/onnx/plan.ts';
import type { Engine } from '../../../../src/engines/types.ts';
import { useCpuBackend } from '../../../support/cpu-backend.ts';
import { largestDifference } from '../../../support/engines.ts';
import { drawArrays } from '../../../support/numbers.ts';

beforeAll(useCpuBackend);
afterEach(() => {
  vi.unstubAllEnvs();
});

const spec = (...shape: number[]) => ({ shape, dtype: 'float32' as const });

function signatureOf(batch: number): Signature {
  return {
    state: { w1: spec(13, 20), b1: spec(20), w2: spec(20, 7), w3: spec(7, 3), b3: spec(3) },
    feeds: { x: spec(batch, 13), shift: spec(20) },
  };
}

const dense = (x: tf.Tensor, weights: tf.Tensor, bias?: tf.Tensor): tf.Tensor => {
  const sums = tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D);
  return bias ? tf.add(sums, bias) : sums;
};

type Weights = Readonly<Record<'w1' | 'b1' | 'w2' | 'w3' | 'b3', tf.Tensor>>;
/** A layer with bias and ReLU, one with neither, whose result has a second use, and one with a bias that stands first. */
const network: StepFunction = (state, { x }) => {
  const { w1, b1, w2, w3, b3 } = state as Weights;
  const hidden = dense(tf.relu(dense(x as tf.Tensor, w1, b1)), w2);
  const y = tf.add(b3, dense(hidden, w3));
  return { state: {}, fetches: { y, hidden: tf.tanh(hidden) } };
};

type Options = NonNullable<Parameters<typeof planProgram>[2]>;

const convolutions = (step: StepFunction, batch: number, options: Options = { threads: 2 }) =>
  planProgram(step, signatureOf(batch), options).step.operations.filter(
    (operation): operation is OnnxCall<'Conv'> => operation.op === 'Conv',
  );
const partsOf = (step: StepFunction, batch: number, threads = 2): (number | undefined)[] =>
  convolutions(step, batch, { threads }).map(({ outputs }) => outputs[0]?.shape[0]);

describe('a dense network whose weights do not change', () => {
  it.each([
    [128, 2, 2],
    [500, 4, 4],
    [96, 3, 3],
    [99, 3, 3],
    [1002, 4, undefined],
    [45, 2, undefined],
    [36, 2, 2],
    [30, 2, undefined],
    [128, 1, undefined],
  ])(
    'of a batch of %i, on %i threads, in %s parts, gives what the reference engine gives',
    async (batch, threads, parts) => {
      expect(partsOf(network, batch, threads)).toEqual(parts === undefined ? [] : [parts, parts, parts]);
      const signature = signatureOf(batch);
      const run = async (engine: Engine): Promise<NamedArrays[]> => {
        const program = await engine.compile(network, signature);
        const results: NamedArrays[] = [];
        // The state is written twice: what was prepared of it is prepared anew.
        for (const seed of [1, 2]) {
          await program.writeState(drawArrays(signature.state, seed));
          results.push(await program.run(drawArrays(signature.feeds, seed + 10)));
        }
        program.dispose();
        return results;
      };
      const expected = await run(await createReferenceEngine());
      const found = await run(await createOnnxEngine({ threads }));
      vi.stubEnv('TD_SKIP_PASSES', 'dense-columns');
      const asProducts = await run(await createOnnxEngine({ threads }));
      expected.forEach((wanted, index) => {
        expect(Object.keys(wanted)).toEqual(['y', 'hidden']);
        expect(largestDifference(found[index] ?? {}, wanted).difference).toBeLessThan(1e-5);
        expect(largestDifference(found[index] ?? {}, asProducts[index] ?? {}).difference).toBeLessThan(1e-5);
      });
    },
  );

  it('has products of matrices where the pass is left out, and on graphics cards', () => {
    for (const options of [
      { threads: 2, skip: new Set(['dense-columns']) },
      { threads: 2, target: 'webgpu' as const },
    ]) {
      const { operations } = planProgram(network, signatureOf(128), options).step;
      expect(operations.filter(({ op }) => op === 'MatMul' || op === 'Conv').map(({ op }) => op)).toEqual([
        'MatMul',
        'MatMul',
        'MatMul',
      ]);
    }
  });

  it('has its transposed weights prepared, and columns between its layers', () => {
    const { preparations, step } = planProgram(network, signatureOf(128), { threads: 2 });
    expect(preparations.flatMap(({ outputs }) => outputs)).toHaveLength(3);
    // Of the layer whose result has two uses, and of the last.
    expect(step.operations.filter(({ op }) => op === 'Transpose')).toHaveLength(2);
  });

  it.each<[string, StepFunction, number[]]>([
    [
      'computed from state alone',
      (state, feeds) => network({ ...state, w1: tf.mul(state.w1 as tf.Tensor, 2) }, feeds),
      [2, 2, 2],
    ],
    [
      'changed by the step',
      (state, feeds) => ({ ...network(state, feeds), state: { w1: tf.mul(state.w1 as tf.Tensor, 2) } }),
      [2, 2],
    ],
    [
      'computed from feeds',
      (state, feeds) =>
        network({ ...state, w1: tf.mul(state.w1 as tf.Tensor, feeds.shift as tf.Tensor) }, feeds),
      [2, 2],
    ],
  ])('has columns only where weights come from unchanging state: first ones %s', (_, step, parts) => {
    expect(partsOf(step, 128)).toEqual(parts);
  });

  it('keeps weights of more than 16 MB once', () => {
    const layers = (rows: number) => {
      const signature: Signature = { state: { w: spec(rows, 4096) }, feeds: { x: spec(32, rows) } };
      const step: StepFunction = ({ w }, { x }) => ({
        state: {},
        fetches: { y: dense(x as tf.Tensor, w as tf.Tensor) },
      });
      return planProgram(step, signature, { threads: 2 }).step.operations.filter(({ op }) => op === 'Conv')
        .length;
    };
    expect([layers(1024), layers(1025)]).toEqual([1, 0]);
  });
});
