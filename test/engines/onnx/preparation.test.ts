/** @file What depends on unchanging state alone is computed once, and anew when the state is written. */

import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../../src/compiler/graph.ts';
import { printGraph } from '../../../src/compiler/print.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { createOnnxEngine } from '../../../src/engines/onnx/engine.ts';
import { splitPreparation } from '../../../src/engines/onnx/preparation.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { buildOnnxGraph, scalar } from '../../support/graphs.ts';

describe('a graph', () => {
  const graph = buildOnnxGraph(
    { 'state/w': [2, 3], 'state/v': [2, 3], 'feed/x': [2, 3] },
    (builder, values) => {
      const { 'state/w': w, 'state/v': v, 'feed/x': x } = values as Record<string, Value>;
      const emit = (op: 'Mul' | 'Add' | 'Neg', ...operands: (Value | undefined)[]): Value =>
        builder.emit(op, operands as Value[], { shape: [2, 3] });
      const scaled = emit('Mul', w, scalar(builder, 3));
      const both = emit('Add', emit('Neg', scaled), scaled);
      return { 'next/v': emit('Add', emit('Mul', v, scaled), both), 'fetch/y': emit('Mul', both, x) };
    },
  );

  it('is split into what its unchanging state gives and the rest', () => {
    const { preparations, rest } = splitPreparation(graph);
    expect(preparations.map(printGraph).join('\n\n')).toMatchInlineSnapshot(`
      "input state/w float32[2,3]
      %0 float32[] = Constant(3)
      %1 float32[2,3] = Mul(state/w, %0)
      %2 float32[2,3] = Neg(%1)
      %3 float32[2,3] = Add(%2, %1)
      output prepared/0 = %1
      output prepared/1 = %3"
    `);
    expect(printGraph(rest)).toMatchInlineSnapshot(`
      "input state/v float32[2,3]
      input feed/x float32[2,3]
      input prepared/0 float32[2,3]
      input prepared/1 float32[2,3]
      %0 float32[2,3] = Mul(state/v, prepared/0)
      %1 float32[2,3] = Add(%0, prepared/1)
      %2 float32[2,3] = Mul(prepared/1, feed/x)
      output next/v = %1
      output fetch/y = %2"
    `);
  });

  it('is prepared some arrays at a time', () => {
    const outputs = (elements: number) =>
      splitPreparation(graph, elements).preparations.map((part) => part.outputs.map(({ name }) => name));
    expect(outputs(12)).toEqual([['prepared/0', 'prepared/1']]);
    expect(outputs(11)).toEqual([['prepared/0'], ['prepared/1']]);
    expect(outputs(1)).toEqual([['prepared/0'], ['prepared/1']]);
  });

  it('stays whole if all state changes, or nothing is to compute', () => {
    const changing = buildOnnxGraph({ 'state/w': [2] }, (builder, { 'state/w': w }) => ({
      'next/w': builder.emit('Neg', [w as Value], { shape: [2] }),
    }));
    expect(splitPreparation(changing)).toEqual({ preparations: [], rest: changing });
    const shaping = buildOnnxGraph({ 'state/w': [2] }, (builder, { 'state/w': w }) => ({
      'fetch/w': builder.emit('Reshape', [w as Value], { shape: [1, 2] }),
    }));
    expect(splitPreparation(shaping)).toEqual({ preparations: [], rest: shaping });
  });
});

it('follows the state of a program', async () => {
  await useCpuBackend();
  const signature: Signature = {
    state: { w: { shape: [2], dtype: 'float32' } },
    feeds: { x: { shape: [2], dtype: 'float32' } },
  };
  const step: StepFunction = ({ w }, { x }) => ({
    state: {},
    fetches: { y: tf.mul(tf.square(w as never), x as never) },
  });
  const program = await (await createOnnxEngine({ threads: 1 })).compile(step, signature);
  const run = async (x: number[]): Promise<number[]> =>
    Array.from((await program.run({ x: Float32Array.from(x) })).y ?? []);
  await program.writeState({ w: Float32Array.of(2, 3) });
  expect(await run([1, 10])).toEqual([4, 90]);
  expect(await run([2, 20])).toEqual([8, 180]);
  await program.writeState({ w: Float32Array.of(4, 5) });
  expect(await run([1, 10])).toEqual([16, 250]);
  program.dispose();
});
