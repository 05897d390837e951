/** @file Hashes of the experiments that come with td, as results folders of its users bear them. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expandRuns } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';

const CONFIGS = join(import.meta.dirname, '../../configs');

it.each([
  ['ci', ['none/seed-0-9850b9c0', 'targeted-weight/seed-0-9af3c0c8', 'targeted-unit/seed-0-bd38fc38']],
  ['demo', ['none/seed-0-f29e63dc', 'dropout-weight/seed-0-f32dbcdc', 'dropout-unit/seed-0-d9a0610f']],
  ['mnist-mlp', ['none/seed-0-da4f2546', 'dropout-weight/seed-0-6fd3295a', 'dropout-unit/seed-0-7d4d8fe9']],
  ['mnist-lenet', ['none/seed-0-181df188', 'dropout-weight/seed-0-f975afd7', 'dropout-unit/seed-0-3026b832']],
  [
    'cifar-resnet',
    ['none/seed-0-47240fef', 'dropout-weight/seed-0-6a540947', 'targeted-weight-0.5-0.5/seed-0-f7064948'],
  ],
  ['quick/cifar-units', ['per-entry-0.66/seed-0-794bb1fc', 'per-entry-0.90/seed-0-99c05a12']],
])('runs of %s on pinned images keep their folders', (name, ids) => {
  const runs = expandRuns(loadExperiment(join(CONFIGS, `${name}.yaml`)), { seeds: [0] });
  expect(runs.slice(0, 3).map(({ id }) => id)).toEqual(ids);
});
