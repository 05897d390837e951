/** @file What a report says before its experiments. */
import { expect, it } from 'vitest';
import { methodOf } from '../../src/methods/names.ts';
import { renderIntroduction } from '../../src/report/introduction.ts';

const introduce = (...settings: Parameters<typeof methodOf>[0][]): string =>
  renderIntroduction(settings.map(methodOf)).markup.replaceAll(/\s+/g, ' ');

it('does not pass over that some of its networks were trained on after they were pruned', () => {
  const fineTune = { name: 'fine-tune', granularity: 'weight', from: 'none', pruneRate: 0.9 } as const;
  expect(introduce({ name: 'none' })).not.toContain('trained on,');
  expect(introduce({ name: 'none' }, fineTune)).toContain(
    'In fine-tune, a trained network was pruned once before and trained on,',
  );
});
