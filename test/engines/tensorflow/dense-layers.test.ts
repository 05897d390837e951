/** @file td's own kernels of dense layers on TensorFlow: what they give, and where they are taken. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { DENSE_LAYERS } from '../../../src/engines/tensorflow/passes/optimize.ts';
import { planProgram } from '../../../src/engines/tensorflow/plan.ts';
import { computeElsewhere, NO_OWN_KERNELS } from '../../support/own-kernels.ts';
import { describeAbsent } from '../../support/required-engines.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';
import {
  computeNatively,
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

  const sets = [
    { lanes: 8, instructions: ['-mavx2', '-mfma'] },
    { lanes: 16, instructions: ['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', '-mfma'] },
  ];
  it.for(sets.filter(({ lanes }) => lanes <= native.lanes))(
    'reads and writes nothing beyond its matrices, with vectors of $lanes',
    ({ lanes, instructions }, { skip }) => {
      const folder = mkdtempSync(join(tmpdir(), 'td-dense-'));
      try {
        const program = join(folder, 'dense');
        const include = join(import.meta.dirname, '../../../src/engines/tensorflow/native');
        const checks = ['-fsanitize=address', '-fno-omit-frame-pointer'];
        const source = join(import.meta.dirname, 'dense-memory.cc');
        const flags = [
          '-std=c++17',
          '-O1',
          '-w',
          ...checks,
          ...instructions,
          `-DLANES=${lanes}`,
          '-I',
          include,
        ];
        const built = spawnSync(process.env.CXX ?? 'c++', [...flags, source, '-o', program], {
          encoding: 'utf8',
        });
        if (/asan/.test(built.stderr)) skip('the compiler has no checks of addresses');
        expect(built.stderr).toBe('');
        expect(Number(execFileSync(program, { encoding: 'utf8' }))).toBeLessThan(ROUNDING);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
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
