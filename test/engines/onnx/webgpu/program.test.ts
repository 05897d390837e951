/** @file On a graphics card the state stays there, other programs take it from there, and each run is known to have taken place. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { NamedArrays } from '../../../../src/arrays.ts';
import { GraphBuilder } from '../../../../src/compiler/graph.ts';
import { DeviceError } from '../../../../src/engines/device-error.ts';
import type { OnnxOperation } from '../../../../src/engines/onnx/operators.ts';
import { ort } from '../../../../src/engines/onnx/runtime.ts';
import { type Session, SessionPool } from '../../../../src/engines/onnx/session-pool.ts';
import type { Tensors } from '../../../../src/engines/onnx/tensors.ts';
import { createWebGpuEngine } from '../../../../src/engines/onnx/webgpu/engine.ts';
import { DeviceSession } from '../../../../src/engines/onnx/webgpu/session.ts';
import { buildEvaluationStep } from '../../../../src/training/evaluator.ts';
import { createTrainingCase } from '../../../support/training-cases.ts';
import { describeOnWebGpu } from '../../../support/webgpu.ts';

afterEach(() => vi.restoreAllMocks());

const { compiled, setup, state, feedsOf } = createTrainingCase('lenet', {
  name: 'targeted',
  granularity: 'unit',
});

async function startTraining() {
  const engine = await createWebGpuEngine({ selfTest: false });
  const program = await engine.compile(compiled.step, compiled.signature);
  await program.writeState(state);
  return { engine, program };
}

/** Names of the arrays on the host that sessions are given and give from now on. */
function watchCrossings(): { readonly given: Set<string>; readonly taken: Set<string> } {
  const { prototype } = ort.InferenceSession as unknown as { prototype: ort.InferenceSession };
  const run = prototype.run as (this: ort.InferenceSession, inputs: Tensors) => Promise<Tensors>;
  const [given, taken] = [new Set<string>(), new Set<string>()];
  const note = (tensors: Tensors, names: Set<string>) => {
    for (const [name, { location }] of Object.entries(tensors)) if (location === 'cpu') names.add(name);
  };
  vi.spyOn(prototype, 'run').mockImplementation(async function (this: ort.InferenceSession, inputs) {
    note(inputs as Tensors, given);
    const outputs = await run.call(this, inputs as Tensors);
    note(outputs, taken);
    return outputs;
  });
  return { given, taken };
}

describeOnWebGpu('a training step on WebGPU', () => {
  it('takes its state to the device once, and only feeds and fetches cross thereafter', async () => {
    const { program } = await startTraining();
    await program.run(feedsOf(0));
    const { given, taken } = watchCrossings();
    const fetches = await program.run(feedsOf(1));
    expect([...given].filter((name) => !name.startsWith('feed/'))).toEqual(['pulse']);
    expect([...taken].sort()).toEqual([
      'answer',
      ...Object.keys(fetches)
        .map((name) => `fetch/${name}`)
        .sort(),
    ]);
    program.dispose();
  });

  it('goes on from a state that was read and written back as if nothing had been', async () => {
    const { program } = await startTraining();
    const { program: other } = await startTraining();
    await program.run(feedsOf(0));
    await other.run(feedsOf(0));
    await program.writeState(await program.readState());
    const [a, b] = [await program.run(feedsOf(1)), await other.run(feedsOf(1))];
    expect(a).toEqual(b);
    expect(await program.readState()).toEqual(await other.readState());
    program.dispose();
    other.dispose();
  });

  it('hands its parameters to an evaluation without their passing through the host', async () => {
    const { engine, program } = await startTraining();
    await program.run(feedsOf(0));
    const names = setup.model.parameters.map(({ name }) => name);
    const { step, signature } = buildEvaluationStep(setup.model, setup.schedule.batchSize);
    const feeds = { ...(await evaluationFeeds()), valid: new Float32Array(setup.schedule.batchSize).fill(1) };
    const evaluation = await engine.compile(step, signature);
    const trained = await program.readState();
    await evaluation.writeState(
      Object.fromEntries(names.map((name) => [name, trained[name]])) as NamedArrays,
    );
    const expected = await evaluation.run(feeds);
    await program.run(feedsOf(1));
    await evaluation.copyState?.(program, names);
    const { given } = watchCrossings();
    await evaluation.copyState?.(program, names);
    expect([...given]).toEqual(['pulse']);
    vi.restoreAllMocks();
    expect(await evaluation.run(feeds)).not.toEqual(expected);
    // The evaluation has a copy: the training goes on, and its end leaves the evaluation alone.
    const before = await evaluation.run(feeds);
    await program.run(feedsOf(2));
    program.dispose();
    expect(await evaluation.run(feeds)).toEqual(before);
    evaluation.dispose();
  });
});

async function evaluationFeeds(): Promise<NamedArrays> {
  const { images, labels } = feedsOf(0);
  return { images: (images as Float32Array).slice(), labels: (labels as Int32Array).slice() };
}

/** A pool whose sessions answer as a driver might that has failed. */
class FailingPool extends SessionPool {
  constructor(private readonly answer: (inputs: Tensors) => Tensors) {
    super();
  }

  override async take(): Promise<Session> {
    return { inputNames: ['x', 'pulse'], run: async (inputs) => this.answer(inputs), release: () => {} };
  }
}

describe('a run on a device that fails without a word', () => {
  const builder = new GraphBuilder<OnnxOperation>();
  const x = builder.input([2], 'float32');
  const y = builder.emit('Neg', [x], x);
  const graph = {
    inputs: [{ name: 'x', value: x }],
    operations: builder.operations,
    outputs: [{ name: 'y', value: y }],
  };
  const float = (...numbers: number[]) =>
    new ort.Tensor('float32', Float32Array.from(numbers), [numbers.length]);
  const session = (answer: (inputs: Tensors) => Tensors) =>
    DeviceSession.create(new FailingPool(answer), graph, () => 'cpu');

  it('is told by zeros, instead of taking them for results', async () => {
    const zeros = await session(() => ({ y: float(0, 0), answer: float(0) }));
    await expect(zeros.run({ x: float(1, 2) })).rejects.toThrow(DeviceError);
    await expect(zeros.run({ x: float(1, 2) })).rejects.toThrow('numbers that it did not compute');
  });

  it('is told by what an earlier run left behind', async () => {
    let last: Tensors | undefined;
    const stale = await session(({ pulse }) => {
      last ??= { y: float(-1, -2), answer: float(-(pulse?.data[0] as number)) };
      return last;
    });
    await stale.run({ x: float(1, 2) });
    await expect(stale.run({ x: float(3, 4) })).rejects.toThrow('numbers that it did not compute');
  });
});
