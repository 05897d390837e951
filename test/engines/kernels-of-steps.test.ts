/** @file TensorFlow's backend has every kernel that training and evaluation use, as far as its published code says. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { Signature, StepFunction } from '../../src/compiler/step.ts';
import { KERNELS } from '../../src/compiler/trace/backend.ts';
import { compileGraph } from '../../src/engines/onnx/compile.ts';
import { buildEvaluationStep } from '../../src/training/evaluator.ts';
import { useCpuBackend } from '../support/cpu-backend.ts';
import { type CaseModel, createTrainingCase, METHODS, OPTIMIZERS } from '../support/training-cases.ts';

await useCpuBackend();

const FOLDER = join(import.meta.dirname, '../../node_modules/@tensorflow/tfjs-node-gpu/dist');
const isInstalled = existsSync(join(FOLDER, 'register_all_kernels.js'));
const modelNames: readonly CaseModel[] = ['mlp', 'lenet', 'standardizedLenet', 'resnet', 'wideResnet', 'vgg'];

/** Names of the kernels that all training and evaluation steps call. */
function kernelsOfSteps(): string[] {
  const trainings = modelNames.flatMap((model) => [
    ...Object.values(METHODS).map((method) =>
      createTrainingCase(model, method, { gradientClip: 1, weightDecay: 0.1 }),
    ),
    ...Object.values(OPTIMIZERS).map((optimizer) =>
      createTrainingCase(model, { name: 'none' }, { optimizer }),
    ),
  ]);
  const steps = trainings.flatMap(({ compiled, setup }) => [compiled, buildEvaluationStep(setup.model, 4)]);
  return [...new Set(steps.flatMap(kernelsOf))].sort();
}

function kernelsOf({ step, signature }: { step: StepFunction; signature: Signature }): string[] {
  const { recorded } = compileGraph(step, signature);
  return recorded.operations.map(({ op }) => op).filter((op) => op !== 'Constant');
}

/** Kernel names that `register_all_kernels.js` registers, each read in the file that it imports. */
function registeredKernels(): Set<string> {
  const registration = readFileSync(join(FOLDER, 'register_all_kernels.js'), 'utf8');
  const files = [...registration.matchAll(/require\("\.\/(kernels\/[^"]+)"\)/g)].map(
    ([, file]) => `${file}.js`,
  );
  return new Set(files.flatMap((file) => kernelNamesIn(readFileSync(join(FOLDER, file), 'utf8'))));
}

/** A file says `kernelName: tfjs_1.Add`, where the constant is one of tfjs' own. */
function kernelNamesIn(source: string): string[] {
  const constants = tf as unknown as Readonly<Record<string, unknown>>;
  return [...source.matchAll(/kernelName: tfjs_1\.(\w+),/g)].map(([, constant = '']) =>
    String(constants[constant]),
  );
}

/** Words in lines. */
function wrap(words: readonly string[]): string {
  return words.join(' ').replace(/(.{1,80})(?: |$)/g, '$1\n');
}

describe('the kernels of all training and evaluation steps', () => {
  const used = kernelsOfSteps();

  it('are these, each with a tracing rule', () => {
    // A kernel that joins this list needs nothing but the checks here, which is why the list is worth seeing.
    expect(wrap(used)).toMatchInlineSnapshot(`
      "Abs Add AddN ArgMax BatchMatMul Cast ClipByValue Conv2D Conv2DBackpropFilter
      Conv2DBackpropInput Equal Exp ExpandDims Floor GatherV2 GreaterEqual Identity
      Less LessEqual Log LogicalAnd LogicalNot LogicalOr Max MaxPool MaxPoolGrad
      Maximum Mean Min Multiply Neg RealDiv Relu Reshape Rsqrt Select Sigmoid Sign
      Softplus Sqrt Square Step Sub Sum TopK Transpose ZerosLike
      "
    `);
    expect(used.filter((kernel) => !KERNELS.some((known) => known === kernel))).toEqual([]);
  });

  it.skipIf(!isInstalled)('are all registered by tfjs-node', () => {
    const registered = registeredKernels();
    // Guards against a change of form that would leave the list empty, or its names undefined.
    expect(registered.size).toBeGreaterThan(100);
    expect(registered).toContain('Conv2DBackpropFilter');
    expect(registered).not.toContain('undefined');
    expect(registered).not.toContain('NoSuchKernel');
    expect(used.filter((kernel) => !registered.has(kernel))).toEqual([]);
  });
});
