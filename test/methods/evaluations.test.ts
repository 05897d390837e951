/** @file What the definition of a method says of its evaluations, held against what its regularizer can do. */
import { expect, it } from 'vitest';
import { evaluationOf } from '../../src/methods/evaluations.ts';
import { createRegularizer, methods } from '../../src/methods/registry.ts';
import type { Granularity } from '../../src/pruning/types.ts';

const SPEC = { name: 'dense1/kernel', shape: [4, 2], layer: 'dense', outputShape: [2] } as const;

/** Every method with its defaults, at each granularity that it takes. */
const CASES = [...methods].flatMap(({ name, settings }) =>
  ([undefined, 'weight', 'unit'] as (Granularity | undefined)[]).flatMap((granularity) => {
    const parsed = settings.safeParse({ name, ...(granularity && { granularity }) });
    return parsed.success ? [parsed.data] : [];
  }),
);

it.each(CASES)(
  '$name $granularity has gamma where it has candidates, stochastic where it has noise',
  async (settings) => {
    const regularizer = await createRegularizer(settings as Parameters<typeof createRegularizer>[0]);
    const hasNoise = Object.keys(regularizer.noise?.(SPEC, 1) ?? {}).length > 0;
    expect(evaluationOf(settings, 'gamma')).toBe(regularizer.withoutCandidates ? 'gamma' : 'dense');
    expect(evaluationOf(settings, 'stochastic')).toBe(hasNoise ? 'stochastic' : 'dense');
    expect(evaluationOf(settings, 'dense')).toBe('dense');
  },
);

it('the authors removed the candidates of weights and ramps, kept the noise of units, and took the rest as it is', () => {
  const paper = (name: string, granularity?: Granularity) =>
    evaluationOf(
      { name, ...(granularity && { granularity }), dropRate: 1 } as Parameters<typeof evaluationOf>[0],
      'paper',
    );
  expect(paper('targeted', 'weight')).toBe('gamma');
  expect(paper('targeted', 'unit')).toBe('stochastic');
  expect(paper('ramping', 'weight')).toBe('gamma');
  expect(paper('ramping', 'unit')).toBe('gamma');
  for (const name of [
    'none',
    'dropout',
    'targeted-ard',
    'random-prune',
    'l0',
    'l1',
    'variational',
    'smallify',
  ])
    expect(paper(name, 'weight'), name).toBe('dense');
});

it('random pruning with a drop rate below 1 has noise to keep', () => {
  const { settings } = methods.get('random-prune');
  const parsed = settings.parse({ name: 'random-prune', granularity: 'weight', dropRate: 0.5 });
  expect(evaluationOf(parsed, 'stochastic')).toBe('stochastic');
});
