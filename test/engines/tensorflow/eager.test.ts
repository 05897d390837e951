/** @file TensorFlow op by op gives what the reference engine gives, on every Node.js. */

import { createRequire } from 'node:module';
import { beforeAll, expect, it } from 'vitest';
import type { NamedArrays } from '../../../src/arrays.ts';
import { createReferenceEngine } from '../../../src/engines/eager/engine.ts';
import { createTensorflowEngine } from '../../../src/engines/tensorflow/engine.ts';
import type { Engine } from '../../../src/engines/types.ts';
import { largestDifference } from '../../support/engines.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';
import { createTrainingCase, METHODS } from '../../support/training-cases.ts';

describeTensorflow('TensorFlow op by op', () => {
  beforeAll(() => {
    const util = createRequire(import.meta.url)('node:util') as { isNullOrUndefined?: unknown };
    delete util.isNullOrUndefined;
  });

  async function train(engine: Engine, method: string): Promise<NamedArrays> {
    const { compiled, state, feedsOf } = createTrainingCase('lenet', METHODS[method] ?? { name: 'none' });
    const program = await engine.compile(compiled.step, compiled.signature);
    await program.writeState(state);
    for (let step = 0; step < 3; step++) await program.run(feedsOf(step));
    const result = await program.readState();
    program.dispose();
    return result;
  }

  // Both granularities of ramps look values up by an axis that tfjs-node once took for another.
  it.each([
    'targeted dropout of weights',
    'ramping targeted dropout of weights',
    'ramping targeted dropout of units',
    'variational dropout',
  ])(
    'trains with %s as the reference engine does, without a function that Node.js 23 has dropped',
    async (method) => {
      const engine = await createTensorflowEngine({ threads: 1, eager: true });
      expect(engine.device).toBe('CPU, 1 thread, op by op');
      const expected = await train(await createReferenceEngine(), method);
      expect(largestDifference(await train(engine, method), expected).difference).toBeLessThan(1e-5);
    },
  );
});
