/** @file Updates of the state on the host are those that the graph asked for, bit by bit, without what they make superfluous. */

import { describe, expect, it } from 'vitest';
import type { NamedArrays } from '../../../../src/arrays.ts';
import type { Value } from '../../../../src/compiler/graph.ts';
import { printGraph } from '../../../../src/compiler/print.ts';
import type { Signature } from '../../../../src/compiler/step.ts';
import type { OnnxBuilder } from '../../../../src/engines/onnx/operators.ts';
import { OnnxProgram } from '../../../../src/engines/onnx/program.ts';
import { ort } from '../../../../src/engines/onnx/runtime.ts';
import { serialize } from '../../../../src/engines/onnx/serialize.ts';
import { compileUpdate, planLoop } from '../../../../src/engines/onnx/updates/compile.ts';
import { type HostOperator, splitUpdates } from '../../../../src/engines/onnx/updates/split.ts';
import { fillNormal } from '../../../../src/random/streams.ts';
import { buildOnnxGraph, scalar } from '../../../support/graphs.ts';

const SHAPE = [1024, 1024];
type Inputs = Readonly<Record<string, Value>>;

/**
 * Momentum with a gradient that is clipped; what is added makes other uses of the values. The factor is no 1 / norm, since
 * onnxruntime divides by the norm instead.
 */
function momentum(
  more: (
    builder: OnnxBuilder,
    values: { gradient: Value; velocity: Value },
  ) => Record<string, Value> = () => ({}),
) {
  const inputs = { 'state/w': SHAPE, 'state/v': SHAPE, 'feed/x': SHAPE, 'feed/rate': [] };
  return buildOnnxGraph(inputs, (builder, values: Inputs) => {
    const { 'state/w': w, 'state/v': v, 'feed/x': x, 'feed/rate': rate } = values as Record<string, Value>;
    const emit = (op: HostOperator | 'MatMul', ...operands: (Value | undefined)[]): Value =>
      builder.emit(op, operands as Value[], { shape: SHAPE });
    const gradient = emit('MatMul', x, w);
    const norm = builder.emit('ReduceSumSquare', [gradient], { shape: [] }, { axes: [0, 1], keepdims: 0 });
    const clip = builder.emit('Div', [scalar(builder, 2), norm], { shape: [] });
    const velocity = emit('Add', emit('Mul', v, scalar(builder, -0.9)), emit('Mul', gradient, clip));
    const step = emit('Div', emit('Mul', rate, velocity), emit('Sqrt', emit('Mul', v, v)));
    return {
      'next/w': emit('Sub', w, step),
      'next/v': emit('Neg', velocity),
      'fetch/norm': norm,
      ...more(builder, { gradient, velocity }),
    };
  });
}

const signature: Signature = {
  state: { w: { shape: SHAPE, dtype: 'float32' }, v: { shape: SHAPE, dtype: 'float32' } },
  feeds: { x: { shape: SHAPE, dtype: 'float32' }, rate: { shape: [], dtype: 'float32' } },
};

describe('updates of the state', () => {
  it('leave the graph, which hands out what they need', () => {
    const { rest, updates } = splitUpdates(momentum());
    expect(printGraph(rest)).toMatchInlineSnapshot(`
      "input state/w float32[1024,1024]
      input state/v float32[1024,1024]
      input feed/x float32[1024,1024]
      input feed/rate float32[]
      %0 float32[1024,1024] = MatMul(feed/x, state/w)
      %1 float32[] = ReduceSumSquare(%0) {axes=[0,1] keepdims=0}
      %2 float32[] = Constant(2)
      %3 float32[] = Div(%2, %1)
      output fetch/norm = %1
      output update/0 = %0
      output update/1 = %3"
    `);
    expect(updates.map(printGraph).join('\n\n')).toMatchInlineSnapshot(`
      "input state/v float32[1024,1024]
      input update/0 float32[1024,1024]
      input update/1 float32[]
      input feed/rate float32[]
      input state/w float32[1024,1024]
      %0 float32[] = Constant(-0.8999999761581421)
      %1 float32[1024,1024] = Mul(state/v, %0)
      %2 float32[1024,1024] = Mul(update/0, update/1)
      %3 float32[1024,1024] = Add(%1, %2)
      %4 float32[1024,1024] = Mul(feed/rate, %3)
      %5 float32[1024,1024] = Mul(state/v, state/v)
      %6 float32[1024,1024] = Sqrt(%5)
      %7 float32[1024,1024] = Div(%4, %6)
      %8 float32[1024,1024] = Sub(state/w, %7)
      %9 float32[1024,1024] = Neg(%3)
      output next/w = %8
      output next/v = %9"
    `);
  });

  it('become one loop', () => {
    expect(planLoop(splitUpdates(momentum()).updates[0] as never)).toMatchInlineSnapshot(`
      {
        "arrays": [
          "state/v",
          "update/0",
          "state/w",
        ],
        "body": [
          {
            "array": 0,
            "op": "load",
          },
          {
            "index": 2,
            "op": "number",
          },
          {
            "op": "f32x4.mul",
          },
          {
            "op": "set",
            "term": 0,
          },
          {
            "array": 1,
            "op": "load",
          },
          {
            "index": 0,
            "op": "number",
          },
          {
            "op": "f32x4.mul",
          },
          {
            "op": "set",
            "term": 1,
          },
          {
            "op": "get",
            "term": 0,
          },
          {
            "op": "get",
            "term": 1,
          },
          {
            "op": "f32x4.add",
          },
          {
            "op": "set",
            "term": 2,
          },
          {
            "index": 1,
            "op": "number",
          },
          {
            "op": "get",
            "term": 2,
          },
          {
            "op": "f32x4.mul",
          },
          {
            "op": "set",
            "term": 3,
          },
          {
            "array": 0,
            "op": "load",
          },
          {
            "array": 0,
            "op": "load",
          },
          {
            "op": "f32x4.mul",
          },
          {
            "op": "set",
            "term": 4,
          },
          {
            "op": "get",
            "term": 4,
          },
          {
            "op": "f32x4.sqrt",
          },
          {
            "op": "set",
            "term": 5,
          },
          {
            "op": "get",
            "term": 3,
          },
          {
            "op": "get",
            "term": 5,
          },
          {
            "op": "f32x4.div",
          },
          {
            "op": "set",
            "term": 6,
          },
          {
            "array": 2,
            "op": "load",
          },
          {
            "op": "get",
            "term": 6,
          },
          {
            "op": "f32x4.sub",
          },
          {
            "op": "set",
            "term": 7,
          },
          {
            "op": "get",
            "term": 2,
          },
          {
            "op": "f32x4.neg",
          },
          {
            "op": "set",
            "term": 8,
          },
          {
            "array": 2,
            "op": "store",
            "term": 7,
          },
          {
            "array": 0,
            "op": "store",
            "term": 8,
          },
        ],
        "numbers": [
          "update/1",
          "feed/rate",
          -0.8999999761581421,
        ],
        "terms": 9,
      }
    `);
  });

  it('give the bits that onnxruntime gives', async () => {
    const run = async (splits: boolean): Promise<NamedArrays> => {
      const graph = momentum();
      const { rest, updates } = splits ? splitUpdates(graph) : { rest: graph, updates: [] };
      const session = await ort.InferenceSession.create(serialize(rest), { intraOpNumThreads: 1 });
      const program = new OnnxProgram(session, signature, { updates: updates.map(compileUpdate) });
      const draw = (purpose: string): Float32Array => {
        const numbers = new Float32Array(2 ** 20);
        fillNormal({ seed: 3, purpose, index: 0 }, numbers);
        return numbers;
      };
      await program.writeState({ w: draw('w'), v: draw('v') });
      const fetches: NamedArrays = {};
      for (const rate of [0.1, 0.3]) {
        const { norm } = await program.run({
          x: draw('x').map((value) => value / 500),
          rate: Float32Array.of(rate),
        });
        fetches[`norm ${rate}`] = norm as Float32Array;
      }
      const result = { ...fetches, ...(await program.readState()) };
      program.dispose();
      return result;
    };
    const [split, whole] = [await run(true), await run(false)];
    for (const [name, data] of Object.entries(whole)) {
      expect(Buffer.from(split[name]?.buffer as ArrayBuffer).equals(Buffer.from(data.buffer)), name).toBe(
        true,
      );
    }
    expect(new Set(whole.w).size).toBeGreaterThan(1e5);
  });

  it('stay in the graph as far as something else needs their results', () => {
    const { updates } = splitUpdates(momentum((_, { velocity }) => ({ 'fetch/velocity': velocity })));
    const operations = updates.flatMap((update) => update.operations.map(({ op }) => op));
    // The velocity is handed out, and two arrays are made of it.
    expect(operations.filter((op) => op !== 'Constant')).toEqual(['Mul', 'Mul', 'Sqrt', 'Div', 'Sub', 'Neg']);
  });

  it('stay in the graph if more were handed out than is made of it', () => {
    const graph = buildOnnxGraph({ 'state/w': SHAPE, 'feed/x': SHAPE }, (builder, values) => {
      const { 'state/w': w, 'feed/x': x } = values as Record<string, Value>;
      const emit = (op: 'Sub' | 'MatMul', a: unknown, b: unknown): Value =>
        builder.emit(op, [a, b] as Value[], { shape: SHAPE });
      return { 'next/w': emit('Sub', emit('MatMul', x, w), emit('MatMul', w, w)) };
    });
    const { rest, updates } = splitUpdates(graph);
    expect(updates).toEqual([]);
    expect(printGraph(rest)).toBe(printGraph(graph));
  });

  it('that share an array are one, so that none overwrites what another one reads', () => {
    const graph = buildOnnxGraph(
      { 'state/a': SHAPE, 'state/b': SHAPE, 'state/c': SHAPE },
      (builder, values) => {
        const [a, b, c] = ['state/a', 'state/b', 'state/c'].map((name) => values[name]) as [
          Value,
          Value,
          Value,
        ];
        const add = (x: Value, y: Value): Value => builder.emit('Add', [x, y], { shape: SHAPE });
        return { 'next/a': add(a, b), 'next/b': add(b, c), 'next/c': add(c, c) };
      },
    );
    const { updates } = splitUpdates(graph);
    expect(updates).toHaveLength(1);
    const arrays: Record<string, Float32Array> = {};
    for (const [index, name] of ['state/a', 'state/b', 'state/c'].entries())
      arrays[name] = new Float32Array(2 ** 20).fill(10 ** index);
    compileUpdate(updates[0] as never)((name) => arrays[name] as Float32Array);
    expect(Object.values(arrays).map(([first]) => first)).toEqual([11, 110, 200]);
  });
});
