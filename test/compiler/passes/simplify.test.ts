/** @file How passes are repeated. */
import { describe, expect, it } from 'vitest';
import { applyAll } from '../../../src/compiler/passes/simplify.ts';
import { buildGraph } from '../../support/graphs.ts';

describe('passes', () => {
  const graph = buildGraph({ x: [2] }, (builder, { x }) => ({
    y: builder.emit('Neg', [x as never], { shape: [2] }),
  }));

  it('are repeated until they return the graph itself', () => {
    let rounds = 0;
    const result = applyAll({ three: (given) => (++rounds < 4 ? { ...given } : given) }, graph);
    expect(rounds).toBe(4);
    expect(result.operations).toEqual(graph.operations);
  });

  it('that never do are named', () => {
    expect(() => applyAll({ endless: (given) => ({ ...given }) }, graph)).toThrow(
      'the pass endless always finds something to do',
    );
  });
});
