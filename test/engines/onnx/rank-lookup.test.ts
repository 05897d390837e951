/** @file A number looked up in a sort by a computed index is selected, not sorted for, and is the same number. */

import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { printGraph } from '../../../src/compiler/print.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { compileGraph } from '../../../src/engines/onnx/compile.ts';
import { createOnnxEngine } from '../../../src/engines/onnx/engine.ts';
import { createNumbers } from '../../support/numbers.ts';

const [ROWS, COLUMNS] = [3, 7];
const signature: Signature = {
  state: { x: { shape: [ROWS, COLUMNS], dtype: 'float32' } },
  feeds: { rank: { shape: [], dtype: 'float32' } },
};

/** The number at a fed rank of each row's descending sort. */
const lookup: StepFunction = ({ x }, { rank }) => {
  const { values } = tf.topk(x as tf.Tensor, COLUMNS, true);
  return { state: {}, fetches: { found: tf.gather(values, tf.cast(rank as tf.Scalar, 'int32'), -1) } };
};

/** The same, with another use of the sort. */
const lookupAndKeep: StepFunction = (state, feeds) => ({
  state: {},
  fetches: {
    ...lookup(state, feeds).fetches,
    sorted: tf.topk(state.x as tf.Tensor, COLUMNS, true).values,
  },
});

const numbers = createNumbers(4).normal(ROWS * COLUMNS);
// A tie, which a selection by value must survive.
numbers[1] = numbers[0] ?? 0;
const sortedRows = Array.from({ length: ROWS }, (_, row) =>
  [...numbers.subarray(row * COLUMNS, (row + 1) * COLUMNS)].sort((a, b) => b - a),
);

describe('a lookup in a sort', () => {
  it.each([
    ['alone', lookup],
    ['beside another use of the sort', lookupAndKeep],
  ])('%s finds what a sort finds, whatever the rank', async (_, step) => {
    const program = await (await createOnnxEngine({ threads: 1 })).compile(step, signature);
    await program.writeState({ x: numbers });
    for (const rank of [0, 6, 3, 1, 5, 2, 4]) {
      const { found, sorted } = await program.run({ rank: Float32Array.of(rank) });
      expect([...(found ?? [])]).toEqual(sortedRows.map((row) => row[rank]));
      if (sorted !== undefined) expect([...sorted]).toEqual(sortedRows.flat());
    }
    program.dispose();
  });

  it('is compiled to a selection of as many numbers as the index says, which costs a fraction of a sort', () => {
    expect(printGraph(compileGraph(lookup, signature).lowered)).toMatchInlineSnapshot(`
      "input state/x float32[3,7]
      input feed/rank float32[]
      %0 int32[] = Cast(feed/rank)
      %1 int32[] = Constant(1)
      %2 int32[] = Add(%0, %1)
      %3 int64[] = Cast(%2)
      %4 int64[1] = Reshape(%3)
      %5 float32[3,7], %6 int64[3,7] = TopK(state/x, %4) {sorted=0 largest=1 axis=-1}
      %7 float32[3] = ReduceMin(%5) {axes=[1] keepdims=0}
      output fetch/found = %7"
    `);
  });

  it('of several places stays a sort', () => {
    const several: StepFunction = ({ x }) => {
      const { values } = tf.topk(x as tf.Tensor, COLUMNS, true);
      return { state: {}, fetches: { found: tf.gather(values, tf.tensor1d([1, 4], 'int32'), -1) } };
    };
    expect(printGraph(compileGraph(several, signature).lowered)).toContain('sorted=1');
  });
});
