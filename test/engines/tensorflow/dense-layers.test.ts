/** @file td's own kernels of dense layers on TensorFlow: what they give, and where they are taken. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { DENSE_LAYERS } from '../../../src/engines/tensorflow/passes/optimize.ts';
import { planProgram } from '../../../src/engines/tensorflow/plan.ts';
import { itChecksAddresses } from '../../support/checked-addresses.ts';
import { computeElsewhere, NO_OWN_KERNELS } from '../../support/own-kernels.ts';
import { describeAbsent } from '../../support/required-engines.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';
import {
  computeNatively,
  computePlainly,
  denseLayers,
  drawArrays,
  errorOf,
  hashOf,
  LAYERS,
  type Layers,
  signatureOf,
} from './dense-cases.ts';

/** Rounding of sums of thousands of products, of the largest. */
const ROUNDING = 2e-6;

const SCRIPT = 'dense-process.ts';

/** What the script prints. */
interface Found {
  readonly lanes: number;
  readonly hashes: readonly string[];
  readonly errors: readonly number[];
}

describeTensorflow('a dense layer', () => {
  const native = loadNative({ threads: 2, device: 'cpu', deterministic: true });
  if (!native.dense) {
    return describeAbsent('tensorflow', NO_OWN_KERNELS);
  }
  const operationsOf = (layers: Layers, skip: readonly string[] = [], own = native) =>
    planProgram(denseLayers, signatureOf(layers), new Set(skip), own)
      .rest.operations.map(({ op }) => op)
      .filter((op) => op !== 'Constant');

  it.each(LAYERS)('gives what plain loops in double precision give: %o', async (layers) => {
    expect(await errorOf(layers, native)).toBeLessThan(ROUNDING);
  });

  it('is one operation with bias and ReLU, and so is each gradient with what follows it', () => {
    const [layers] = LAYERS as [Layers];
    expect(operationsOf(layers).sort()).toEqual([
      'Dense',
      'DenseInputGradient',
      'DenseInputGradientRelu',
      'DenseRelu',
      'DenseWeightGradient',
      'DenseWeightGradientDecay',
      'Neg',
    ]);
    const left = operationsOf(layers, [DENSE_LAYERS]);
    expect(left.filter((op) => op.startsWith('Dense'))).toEqual([]);
    expect(left.filter((op) => op === 'BatchMatMul')).toHaveLength(6);
    expect(operationsOf(layers, [], { ...native, dense: false })).toEqual(left);
  });

  it("is left to TensorFlow's own kernels where its weights lie in no cache, and in bfloat16", () => {
    const large = { batch: 4, inputs: 2048, hidden: 1024, outputs: 3 };
    expect(operationsOf(large).filter((op) => op === 'BatchMatMul')).toHaveLength(3);
    const plan = planProgram(
      denseLayers,
      signatureOf(LAYERS[0] as Layers),
      new Set(),
      { ...native, bfloat16: true },
      'bfloat16',
    );
    expect(plan.rest.operations.filter(({ op }) => op.startsWith('Dense'))).toEqual([]);
  });

  it('passes NaN on', async () => {
    const layers = LAYERS[2] as Layers;
    const { x, ...others } = drawArrays(layers);
    x[layers.inputs + 2] = Number.NaN;
    const { hidden, outputs } = await computeNatively(layers, native, { ...others, x });
    const rowsOf = (array: Float32Array, columns: number) => [
      ...new Set(
        [...array.keys()]
          .filter((place) => Number.isNaN(array[place]))
          .map((place) => Math.floor(place / columns)),
      ),
    ];
    expect([rowsOf(hidden, layers.hidden), rowsOf(outputs, layers.outputs)]).toEqual([[1], [1]]);
    expect(hidden.filter(Number.isNaN)).toHaveLength(layers.hidden);
  });

  describe('fed with zeros, as images of digits are', () => {
    const layers = { batch: 130, inputs: 320, hidden: 150, outputs: 5, zeros: 0.9 };

    it('gives the same bits as where nothing is left out', async () => {
      const sparse = drawArrays(layers);
      const few = await computeNatively(layers, native, sparse);
      // Beside so many inputs without zeros nothing is left out; their weights are zero.
      const wide = { ...layers, inputs: 1000 };
      const { x, w } = drawArrays({ ...wide, zeros: 0 });
      for (let row = 0; row < layers.batch; row++)
        x.set(sparse.x.subarray(row * layers.inputs, (row + 1) * layers.inputs), row * wide.inputs);
      w.fill(0).set(sparse.w);
      const all = await computeNatively(wide, native, { ...sparse, x, w });
      expect(few.hidden).toEqual(all.hidden);
      expect(few.outputs).toEqual(all.outputs);
      expect(few.dw).toEqual(all.dw.subarray(0, few.dw.length));
    });

    it('multiplies zeros by what is not finite, all the same', async () => {
      const { x, w, slope, ...others } = drawArrays(layers);
      // No image has anything at this input; one image has a gradient that is no number.
      const [input, column, image] = [7, 3, 5];
      for (let row = 0; row < layers.batch; row++) x[row * layers.inputs + input] = 0;
      w[input * layers.hidden + column] = Number.POSITIVE_INFINITY;
      slope[image * layers.outputs] = Number.NaN;
      const arrays = { x, w, slope, ...others };
      const [found, expected] = [
        await computeNatively(layers, native, arrays),
        computePlainly(layers, arrays),
      ];
      const placesOf = (array: Float32Array) =>
        [...array.keys()].filter((place) => Number.isNaN(array[place]));
      expect(placesOf(found.dw)).toEqual(placesOf(expected.dw));
      expect(placesOf(found.dw).length).toBeGreaterThan(layers.inputs);
      expect(placesOf(found.hidden)).toEqual(
        Array.from({ length: layers.batch }, (_, row) => row * layers.hidden + column),
      );
    });

    it('takes less time', async () => {
      const large = { batch: 256, inputs: 1000, hidden: 500, outputs: 3 };
      const [none, most] = [drawArrays(large), drawArrays({ ...large, zeros: 0.98 })];
      const forward: StepFunction = ({ w, b }, { x }) => {
        const product = tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D);
        return { state: {}, fetches: { sum: tf.sum(tf.relu(tf.add(product, b as tf.Tensor))) } };
      };
      const { state, feeds } = signatureOf(large);
      const signature = { state: { w: state.w, b: state.b }, feeds: { x: feeds.x } } as Signature;
      const program = compile(forward, signature, native);
      await program.writeState({ w: none.w, b: none.b });
      const times = { none: [] as number[], most: [] as number[] };
      for (let round = 0; round < 100; round++)
        for (const [name, { x }] of Object.entries({ none, most })) {
          const began = performance.now();
          await program.run({ x });
          times[name as keyof typeof times].push(performance.now() - began);
        }
      program.dispose();
      expect(Math.min(...times.most)).toBeLessThan(0.7 * Math.min(...times.none));
    });
  });

  itChecksAddresses(
    'reads and writes nothing beyond its matrices',
    'dense-memory.cc',
    native.lanes,
    ROUNDING,
  );

  it('gives the same bits with one thread as with three, and every time', async () => {
    const [one, three] = [
      computeElsewhere<Found>(SCRIPT, 1, native.lanes),
      computeElsewhere<Found>(SCRIPT, 3, native.lanes),
    ];
    expect(one).toEqual(three);
    for (const [index, layers] of LAYERS.entries())
      expect(await hashOf(layers, native)).toBe(one.hashes[index]);
  });

  it('gives the same to rounding by the instructions of older processors', () => {
    const { lanes, errors } = computeElsewhere<Found>(SCRIPT, 2, 8);
    expect(lanes).toBe(8);
    expect(errors).toHaveLength(LAYERS.length);
    for (const error of errors) expect(error).toBeLessThan(ROUNDING);
  });
});
