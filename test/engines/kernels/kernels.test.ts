/** @file Every kernel that can be compiled gives what tfjs' own cpu backend gives, on random calls. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KERNELS } from '../../../src/compiler/trace/backend.ts';
import { createReferenceEngine } from '../../../src/engines/eager/engine.ts';
import { loweringRules as onnxRules } from '../../../src/engines/onnx/lower/lower.ts';
import { loweringRules as tensorflowRules } from '../../../src/engines/tensorflow/lower/lower.ts';
import { describeCompiledEngines } from '../../support/compiled-engines.ts';
import { arrayCalls } from './array-calls.ts';
import { elementwiseCalls } from './elementwise-calls.ts';
import type { KernelTable } from './kernel-table.ts';
import { layerCalls } from './layer-calls.ts';
import { runCalls } from './run-calls.ts';

const kernels: KernelTable = { ...elementwiseCalls, ...arrayCalls, ...layerCalls };

/** Largest difference, relative to the larger of 1 and the expected number. */
const TOLERANCE = 1e-5;

/** The same calls at every run; other seeds look for new counterexamples. */
const SEED = Number(process.env.TD_TEST_SEED ?? 20190531);
/** Layers have more ways to be called, and each of their parameters matters. */
const runsOf = (kernel: string): number => (kernel in layerCalls ? 25 : 15);

const reference = await createReferenceEngine();

describe('the compiled kernels', () => {
  it('are each tested here and can each be lowered', () => {
    const traced = [...KERNELS].sort();
    expect(Object.keys(kernels).sort()).toEqual(traced);
    for (const rules of [onnxRules, tensorflowRules]) expect(Object.keys(rules).sort()).toEqual(traced);
  });
});

describeCompiledEngines('the compiled kernels', (engine, name) => {
  // A driver compiles a program for each shape that it has not met, on a software adapter for a tenth of a second.
  const share = name === 'webgpu' ? 1 / 3 : 1;
  it.each(Object.entries(kernels))('%s agrees with the reference engine', async (kernel, table) => {
    const batches = fc.array(table.calls, { minLength: 1, maxLength: 8, size: 'max' });
    const agrees = fc.asyncProperty(batches, async (batch) => {
      const expected = await runCalls(reference, kernel, table, batch);
      const actual = await runCalls(engine, kernel, table, batch);
      for (const [index, wanted] of expected.entries()) {
        if (table.exact) expect(actual[index]?.map(withoutSign)).toEqual(wanted.map(withoutSign));
        else expectClose(actual[index] ?? [], wanted);
      }
    });
    await fc.assert(agrees, { numRuns: Math.ceil(runsOf(kernel) * share), seed: SEED });
  });
});

/** −0 as 0: they are equal numbers. */
function withoutSign(numbers: readonly number[]): number[] {
  return numbers.map((number) => number + 0);
}

function expectClose(actual: readonly number[][], expected: readonly number[][]): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  const difference = expected.flatMap((numbers, output) =>
    numbers.map((wanted, index) => {
      const got = actual[output]?.[index] ?? Number.NaN;
      return got === wanted ? 0 : Math.abs(got - wanted) / Math.max(1, Math.abs(wanted));
    }),
  );
  expect(Math.max(0, ...difference)).toBeLessThan(TOLERANCE);
}
