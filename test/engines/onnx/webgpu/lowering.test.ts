/** @file What stands in for operators that WebGPU lacks computes the same, checked on the processor, which has them all. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../../src/compiler/graph.ts';
import { createReferenceEngine } from '../../../../src/engines/eager/engine.ts';
import { compileGraph } from '../../../../src/engines/onnx/compile.ts';
import { webGpuRules } from '../../../../src/engines/onnx/lower/webgpu/rules.ts';
import { OnnxProgram } from '../../../../src/engines/onnx/program.ts';
import { serialize } from '../../../../src/engines/onnx/serialize.ts';
import { SessionPool } from '../../../../src/engines/onnx/session-pool.ts';
import type { Engine } from '../../../../src/engines/types.ts';
import { buildEvaluationStep } from '../../../../src/training/evaluator.ts';
import { type CaseModel, createTrainingCase, METHODS, OPTIMIZERS } from '../../../support/training-cases.ts';
import { arrayCalls } from '../../kernels/array-calls.ts';
import { elementwiseCalls } from '../../kernels/elementwise-calls.ts';
import { layerCalls } from '../../kernels/layer-calls.ts';
import { runCalls } from '../../kernels/run-calls.ts';

const kernels = Object.entries({ ...elementwiseCalls, ...arrayCalls, ...layerCalls });
const reference = await createReferenceEngine();
const pool = new SessionPool();

/** The processor with the graphs that are meant for WebGPU. */
const engine: Engine = {
  name: 'onnx',
  device: 'CPU with the graphs of WebGPU',
  async compile(step, signature) {
    const { lowered } = compileGraph(step, signature, { target: 'webgpu' });
    return new OnnxProgram(
      await pool.take(serialize(lowered), { intraOpNumThreads: 1, logSeverityLevel: 3 }),
      signature,
    );
  },
};

describe('the graphs for WebGPU', () => {
  const replaced = kernels.filter(([name]) => name in webGpuRules);

  it('are tested here for every kernel whose rule is another', () => {
    expect(replaced.map(([name]) => name).sort()).toEqual(Object.keys(webGpuRules).sort());
  });

  it.each(replaced)('agree with the reference engine on %s', async (kernel, table) => {
    const batches = fc.array(table.calls, { minLength: 1, maxLength: 8, size: 'max' });
    const agrees = fc.asyncProperty(batches, async (batch) => {
      const expected = (await runCalls(reference, kernel, table, batch)).flat(2);
      const actual = (await runCalls(engine, kernel, table, batch)).flat(2);
      expect(actual).toHaveLength(expected.length);
      actual.forEach((number, index) => {
        const wanted = expected[index] ?? Number.NaN;
        if (number !== wanted)
          expect(Math.abs(number - wanted) / Math.max(1, Math.abs(wanted))).toBeLessThan(1e-5);
      });
    });
    await fc.assert(agrees, { numRuns: 25, seed: 20190531, endOnFailure: true });
  });
});

/** No kernel of onnxruntime 1.30 for WebGPU, or one that fails: by operator, and by operator and type of the first operand. */
const ABSENT = new Set([
  ...['MaxUnpool', 'Or', 'Sign', 'ArgMax', 'ArgMin', 'LogSoftmax', 'OneHot', 'BatchNormalization', 'Sum'],
  ...['Transpose', 'Tile', 'Slice', 'Concat', 'Identity', 'Equal', 'Xor'].map((op) => `${op} bool`),
  ...['Neg', 'Abs', 'Relu', 'Slice', 'Div'].map((op) => `${op} int32`),
  ...['Cast int64', 'Reshape int64', 'Add int64', 'ScatterElements float32'],
]);

describe('the graph of every step for WebGPU', () => {
  const models: readonly CaseModel[] = ['mlp', 'lenet', 'standardizedLenet', 'resnet', 'wideResnet', 'vgg'];

  it.each(models)('has only operations that run there: %s', (model) => {
    const trainings = [
      ...Object.values(METHODS).map((method) =>
        createTrainingCase(model, method, { gradientClip: 1, weightDecay: 0.1 }),
      ),
      ...Object.values(OPTIMIZERS).map((optimizer) =>
        createTrainingCase(model, { name: 'none' }, { optimizer }),
      ),
    ];
    const steps = trainings.flatMap(({ compiled, setup }) => [compiled, buildEvaluationStep(setup.model, 4)]);
    const found = steps.flatMap(({ step, signature }) =>
      operationsOf(compileGraph(step, signature, { target: 'webgpu' }).lowered),
    );
    expect(found.length).toBeGreaterThan(100);
    expect([...new Set(found)].filter((name) => ABSENT.has(name))).toEqual([]);
  });
});

/** `Add` and `Add float32`; pools that report positions as `MaxPool with positions`. */
function operationsOf({ operations, outputs }: Graph): string[] {
  const used = new Set([...operations.flatMap(({ inputs }) => inputs), ...outputs.map(({ value }) => value)]);
  return operations.flatMap((operation) => {
    const positions = operation.op === 'MaxPool' ? operation.outputs[1] : undefined;
    if (positions && used.has(positions)) throw new Error('a pool reports its positions');
    return [operation.op, `${operation.op} ${operation.inputs[0]?.type}`];
  });
}
