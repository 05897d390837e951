/** @file No result depends on a simplification pass. */

import { beforeAll, describe, expect, it } from 'vitest';
import type { NamedArrays } from '../../../../src/arrays.ts';
import { PASSES, TRACED_PASSES } from '../../../../src/compiler/passes/simplify.ts';
import { FEED, STATE } from '../../../../src/compiler/trace-step.ts';
import { blockSize } from '../../../../src/engines/onnx/block-size.ts';
import { compileGraph } from '../../../../src/engines/onnx/compile.ts';
import { BLOCKED_LAYOUT, LOWERED_PASS_NAMES } from '../../../../src/engines/onnx/passes/simplify.ts';
import { OnnxProgram } from '../../../../src/engines/onnx/program.ts';
import { ort } from '../../../../src/engines/onnx/runtime.ts';
import { serialize } from '../../../../src/engines/onnx/serialize.ts';
import { skippedPasses } from '../../../../src/engines/pass-names.ts';
import { useCpuBackend } from '../../../support/cpu-backend.ts';
import { largestDifference } from '../../../support/engines.ts';
import { createTrainingCase, METHODS } from '../../../support/training-cases.ts';

beforeAll(useCpuBackend);

/** Without dead code removed, onnxruntime warns of constants that nobody uses. */
const SESSION = { logSeverityLevel: 3, intraOpNumThreads: 1 } as const;

const passes = [...Object.keys(PASSES), ...Object.keys(TRACED_PASSES)];
const methods = ['targeted dropout of weights', 'variational dropout'] as const;

describe.each(methods)('a training step of a LeNet with %s', (method) => {
  const { compiled, state, feedsOf } = createTrainingCase('lenet', METHODS[method] ?? { name: 'none' }, {
    optimizer: { name: 'adam' },
    gradientClip: 1,
  });
  const { step, signature } = compiled;

  async function runWithout(skipped: readonly string[]): Promise<NamedArrays> {
    const { lowered } = compileGraph(step, signature, { skip: new Set(skipped) });
    const program = new OnnxProgram(
      await ort.InferenceSession.create(serialize(lowered), SESSION),
      signature,
    );
    await program.writeState(state);
    await program.run(feedsOf(0));
    const fetches = await program.run(feedsOf(1));
    const result = { ...fetches, ...(await program.readState()) };
    program.dispose();
    return result;
  }

  let withAll: NamedArrays;
  beforeAll(async () => {
    withAll = await runWithout([]);
  });

  it.each([...passes.map((name) => [`the pass ${name}`, [name]] as const), ['all passes', passes] as const])(
    'gives the same without %s',
    async (_, skipped) => {
      expect(largestDifference(await runWithout(skipped), withAll).difference).toBeLessThan(1e-6);
    },
  );

  it('has fewer operations with every pass than without one of them', () => {
    const count = (skipped: readonly string[]) =>
      compileGraph(step, signature, { skip: new Set(skipped) }).lowered.operations.length;
    for (const name of Object.keys(PASSES)) expect(count([]), name).toBeLessThan(count([name]));
  });

  it('keeps its inputs and outputs, whatever is simplified', () => {
    const { recorded, lowered } = compileGraph(step, signature);
    const namesOf = (list: readonly { name: string }[]) => list.map(({ name }) => name);
    expect(namesOf(lowered.inputs)).toEqual(namesOf(recorded.inputs));
    expect(namesOf(lowered.outputs)).toEqual(namesOf(recorded.outputs));
    expect(namesOf(lowered.inputs)).toContain(`${FEED}images`);
    expect(namesOf(lowered.inputs)).toContain(`${STATE}conv1/kernel`);
  });
});

describe('a training step of a ResNet in the blocked layout', () => {
  const { compiled, state, feedsOf } = createTrainingCase(
    'blockedResnet',
    METHODS['targeted dropout of weights'] ?? { name: 'none' },
  );
  const { step, signature } = compiled;
  const graphWithout = (skipped: readonly string[]) =>
    compileGraph(step, signature, { skip: new Set(skipped), block: 16 }).lowered;

  const ofImages = ['channel-affines', 'convolution-epilogues', 'square-sums'] as const;
  it.each(ofImages)('goes through images and filters less often with %s', (name) => {
    const passes = (skipped: readonly string[]): number =>
      graphWithout(skipped).operations.filter(({ outputs: [output] }) => output?.shape.length === 4).length;
    expect(passes([])).toBeLessThan(passes([name]));
  });

  it('has no operator on blocked images without that layout', () => {
    const domains = (skipped: readonly string[]) =>
      graphWithout(skipped).operations.filter(({ domain }) => domain !== undefined).length;
    expect(domains([])).toBeGreaterThan(50);
    expect(domains(['blocked-layout'])).toBe(0);
  });

  it.each([BLOCKED_LAYOUT, ...LOWERED_PASS_NAMES])('gives the same without %s', async (name) => {
    const block = await blockSize();
    const run = async (skip: ReadonlySet<string>): Promise<NamedArrays> => {
      const { lowered } = compileGraph(step, signature, { skip, block });
      const session = await ort.InferenceSession.create(serialize(lowered), SESSION);
      const program = new OnnxProgram(session, signature);
      await program.writeState(state);
      await program.run(feedsOf(0));
      const result = { ...(await program.run(feedsOf(1))), ...(await program.readState()) };
      program.dispose();
      return result;
    };
    const difference = largestDifference(await run(skippedPasses(name)), await run(new Set()));
    expect(difference.difference).toBeLessThan(1e-5);
  });
});
