/** @file What every engine promises to the trainer, checked on each engine that can run here. */

import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { Signature, StepFunction } from '../../src/compiler/step.ts';
import { webGpuAdapter } from '../../src/engines/onnx/webgpu/adapter.ts';
import { chooseEngine, listEngines } from '../../src/engines/registry.ts';
import type { DeviceName, Engine, EngineName, Program } from '../../src/engines/types.ts';
import { buildTrainingStep } from '../../src/training/step.ts';
import { describeAbsent } from '../support/required-engines.ts';
import { createTrainingCase } from '../support/training-cases.ts';

const statuses = await listEngines();
const available = statuses.filter((status) => status.available).map(({ name }) => name);
const absent = statuses.filter((status) => !status.available);
const adapter = await webGpuAdapter();
/** Engines, and the device that is not an engine's own choice. */
const places: readonly Place[] = [
  ...available.map((name) => ({ label: name, name })),
  ...(adapter.kind === 'none' ? [] : [{ label: 'webgpu', name: 'onnx', device: 'webgpu' } as const]),
];

interface Place {
  readonly label: string;
  readonly name: EngineName;
  readonly device?: DeviceName;
}

const createEngine = async ({ name, device = 'auto' }: Place): Promise<Engine> =>
  (await chooseEngine(name, { threads: 1, device })).engine;
const float = (...shape: number[]) => ({ shape, dtype: 'float32' }) as const;

/** A counter that grows by what it is fed, beside an entry that the step only reads. */
const counting: { step: StepFunction; signature: Signature } = {
  step: ({ count, scale }, { x }) => {
    const next = tf.add(count as tf.Tensor, tf.mul(scale as tf.Tensor, x as tf.Tensor));
    return { state: { count: next }, fetches: { total: tf.sum(next) } };
  },
  signature: { state: { count: float(2), scale: float() }, feeds: { x: float(2) } },
};

async function withProgram<T>(
  place: Place,
  { step, signature }: { step: StepFunction; signature: Signature },
  use: (program: Program) => Promise<T>,
): Promise<T> {
  const engine = await createEngine(place);
  const program = await engine.compile(step, signature);
  try {
    return await use(program);
  } finally {
    program.dispose();
  }
}

const initialCount = () => ({ count: Float32Array.of(1, 2), scale: Float32Array.of(10) });

describe.each(places)('the engine $label', (place) => {
  const withCounter = <T>(use: (program: Program) => Promise<T>) => withProgram(place, counting, use);

  it('keeps the state between runs, and entries that the step does not return', () =>
    withCounter(async (program) => {
      await program.writeState(initialCount());
      const first = await program.run({ x: Float32Array.of(1, 0) });
      const second = await program.run({ x: Float32Array.of(0, 1) });
      expect([first.total, second.total]).toEqual([Float32Array.of(13), Float32Array.of(23)]);
      expect(await program.readState()).toEqual({
        count: Float32Array.of(11, 12),
        scale: Float32Array.of(10),
      });
    }));

  it('runs a step that fetches nothing', () => {
    const silent: typeof counting = {
      ...counting,
      step: (state, feeds) => ({ ...counting.step(state, feeds), fetches: {} }),
    };
    return withProgram(place, silent, async (program) => {
      await program.writeState(initialCount());
      expect(await program.run({ x: Float32Array.of(1, 0) })).toEqual({});
      expect((await program.readState()).count).toEqual(Float32Array.of(11, 2));
    });
  });

  it('replaces single entries of the state and leaves the others', () =>
    withCounter(async (program) => {
      await program.writeState(initialCount());
      await program.run({ x: Float32Array.of(1, 1) });
      await program.writeState({ scale: Float32Array.of(100) });
      const { total } = await program.run({ x: Float32Array.of(1, 0) });
      expect(total).toEqual(Float32Array.of(11 + 12 + 100));
    }));

  it('copies arrays that are written and gives copies of the state', () =>
    withCounter(async (program) => {
      const written = initialCount();
      await program.writeState(written);
      written.count.fill(-1);
      const read = await program.readState();
      expect(read.count).toEqual(Float32Array.of(1, 2));
      read.count?.fill(-1);
      const { total } = await program.run({ x: Float32Array.of(0, 0) });
      expect(total).toEqual(Float32Array.of(3));
      expect((await program.readState()).count).toEqual(Float32Array.of(1, 2));
    }));

  it('names a feed that is missing, unknown or of the wrong length or type', () =>
    withCounter(async (program) => {
      await program.writeState(initialCount());
      const x = Float32Array.of(0, 0);
      await expect(program.run({})).rejects.toThrow('feed "x" is missing');
      await expect(program.run({ x, y: x })).rejects.toThrow('unknown feed "y"');
      await expect(program.run({ x: new Float32Array(3) })).rejects.toThrow('feed "x" has 3 elements');
      await expect(program.run({ x: Int32Array.of(0, 0) })).rejects.toThrow(
        'feed "x" must be a Float32Array',
      );
      expect((await program.readState()).count).toEqual(Float32Array.of(1, 2));
    }));

  it('names an entry of the state that is unknown, of the wrong length or was never written', () =>
    withCounter(async (program) => {
      await expect(program.writeState({ counts: new Float32Array(2) })).rejects.toThrow(
        'unknown state "counts" (did you mean "count"?)',
      );
      await expect(program.writeState({ count: new Float32Array(1) })).rejects.toThrow(
        'state "count" has 1 elements',
      );
      await program.writeState({ count: new Float32Array(2) });
      await expect(program.run({ x: new Float32Array(2) })).rejects.toThrow(
        'state "scale" was never written',
      );
    }));

  it('keeps a feed that became state when its array is used again', () =>
    withProgram(
      place,
      {
        step: (_, { x }) => ({ state: { last: x as tf.Tensor }, fetches: { seen: x as tf.Tensor } }),
        signature: { state: { last: float(2) }, feeds: { x: float(2) } },
      },
      async (program) => {
        await program.writeState({ last: new Float32Array(2) });
        const x = Float32Array.of(3, 4);
        const { seen } = await program.run({ x });
        x.fill(0);
        expect(seen).toEqual(Float32Array.of(3, 4));
        expect((await program.readState()).last).toEqual(Float32Array.of(3, 4));
      },
    ));

  it('passes state through, exchanges entries and gives one value under several names', () =>
    withProgram(
      place,
      {
        step: ({ a, b, c }) => {
          const sum = tf.add(a as tf.Tensor, b as tf.Tensor);
          return {
            state: { a: b as tf.Tensor, b: a as tf.Tensor, c: c as tf.Tensor, d: sum, e: sum },
            fetches: { sum, again: sum, before: a as tf.Tensor },
          };
        },
        signature: { state: { a: float(), b: float(), c: float(), d: float(), e: float() }, feeds: {} },
      },
      async (program) => {
        const [a, b, c] = [Float32Array.of(1), Float32Array.of(2), Float32Array.of(3)];
        await program.writeState({ a, b, c, d: c, e: c });
        const fetches = await program.run({});
        expect(fetches).toEqual({ sum: Float32Array.of(3), again: Float32Array.of(3), before: a });
        fetches.sum?.fill(0);
        const three = Float32Array.of(3);
        expect(await program.readState()).toEqual({ a: b, b: a, c, d: three, e: three });
        await program.writeState({ d: Float32Array.of(9) });
        await program.run({});
        expect(await program.readState()).toEqual({ a, b, c, d: three, e: three });
      },
    ));

  it('takes and returns integers, scalars, unused feeds and constants', () =>
    withProgram(
      place,
      {
        step: ({ steps }, { labels }) => ({
          state: { steps: tf.add(steps as tf.Tensor, tf.scalar(1, 'int32')) },
          fetches: { labels: tf.mul(labels as tf.Tensor, tf.scalar(2, 'int32')), zero: tf.scalar(0) },
        }),
        signature: {
          state: { steps: { shape: [], dtype: 'int32' } },
          feeds: { labels: { shape: [3], dtype: 'int32' }, unused: float(2, 2) },
        },
      },
      async (program) => {
        await program.writeState({ steps: Int32Array.of(2 ** 24) });
        const fetches = await program.run({ labels: Int32Array.of(-1, 0, 7), unused: new Float32Array(4) });
        expect(fetches).toEqual({ labels: Int32Array.of(-2, 0, 14), zero: Float32Array.of(0) });
        expect(await program.readState()).toEqual({ steps: Int32Array.of(2 ** 24 + 1) });
      },
    ));

  it('runs several programs side by side, each with its own state', () =>
    withCounter((one) =>
      withCounter(async (other) => {
        await one.writeState(initialCount());
        await other.writeState({ count: new Float32Array(2), scale: Float32Array.of(1) });
        const x = Float32Array.of(1, 1);
        await one.run({ x });
        expect((await other.run({ x })).total).toEqual(Float32Array.of(2));
        expect((await one.run({ x })).total).toEqual(Float32Array.of(43));
      }),
    ));

  it('refuses to run once it is disposed, and may be disposed again', () =>
    withCounter(async (program) => {
      await program.writeState(initialCount());
      program.dispose();
      await expect(program.run({ x: new Float32Array(2) })).rejects.toThrow('the program was disposed');
      program.dispose();
    }));

  it('holds no more tensors after ten training steps than after two', async () => {
    const engine = await createEngine(place);
    const after = await countTensors(engine, [2, 10]);
    expect(after[1]).toBe(after[0]);
  });
});

if (adapter.kind === 'none') describe('the engine webgpu', () => describeAbsent('webgpu', adapter.reason));

describe.skip.each(absent.map(({ name }) => name))('the engine %s', (name) => {
  it(`cannot run here (${absent.find((status) => status.name === name)?.reason})`, () => {});
});

/** Numbers of tensors that tfjs holds after so many runs of a real training step, and none once it is disposed. */
async function countTensors(engine: Engine, counts: readonly number[]): Promise<number[]> {
  const before = tf.memory().numTensors;
  const { setup, state, feedsOf } = createTrainingCase('lenet', { name: 'variational' });
  const { step, signature } = buildTrainingStep(setup);
  const program = await engine.compile(step, signature);
  await program.writeState(state);
  const numbers: number[] = [];
  for (let run = 1; run <= Math.max(...counts); run++) {
    await program.run(feedsOf(run));
    if (counts.includes(run)) numbers.push(tf.memory().numTensors);
  }
  program.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return numbers;
}
