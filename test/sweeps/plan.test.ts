/** @file At which rates the runs of an experiment are swept. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadExperiment } from '../../src/config/load.ts';
import { findRuns } from '../../src/runs/find.ts';
import { planAll, planExperiment } from '../../src/sweeps/plan.ts';
import { EXPERIMENT, writeResults } from '../figures/results-folder.ts';
import { temporaryFolder } from '../runs/temporary.ts';

it('the rates of a sweep are those asked for and the targeting rates: of a file, also those of variants that are not trained yet', () => {
  const results = temporaryFolder();
  writeResults(results);
  const path = join(results, 'few.yaml');
  const later =
    '  later: { regularizer: { name: ramping, granularity: unit, targetRate: 0.6, ramp: { first: 1, second: 1 } } }\n';
  writeFileSync(path, readFileSync(path, 'utf8') + later);
  const choice = { results, pruneRates: [0, 0.9] };
  const ofFile = planExperiment(loadExperiment(path), findRuns(results, [EXPERIMENT]), choice);
  expect(ofFile.pruneRates).toEqual([0, 0.5, 0.6, 0.9]);
  expect(ofFile.addedRates).toEqual([
    { rate: 0.5, variants: ['targeted-weight', 'targeted-unit'] },
    { rate: 0.6, variants: ['later'] },
  ]);
  // The runs of plain training are pruned at all of them.
  expect(ofFile.runs.map(({ identity }) => identity.variant)).toContain('none');
  const [ofRuns] = planAll(findRuns(results), choice);
  expect(ofRuns?.pruneRates).toEqual([0, 0.5, 0.9]);
});

it('only the variants that are asked for are swept', () => {
  const results = temporaryFolder();
  writeResults(results);
  const path = join(results, 'few.yaml');
  const plan = (...only: string[]) =>
    planExperiment(loadExperiment(path), findRuns(results, [EXPERIMENT]), { results, only });
  const variantsOf = (runs: ReturnType<typeof plan>['runs']) => [
    ...new Set(runs.map(({ identity }) => identity.variant)),
  ];
  const all = planExperiment(loadExperiment(path), findRuns(results, [EXPERIMENT]), { results });
  const { runs, variants, pruneRates } = plan('none', 'targeted-unit');
  expect(variantsOf(runs)).toEqual(['none', 'targeted-unit']);
  // Tables show the others, too, at the same rates.
  expect([variants, pruneRates]).toEqual([all.variants, all.pruneRates]);
  expect(() => plan('none', 'targetted-unit')).toThrow(
    `experiment "${EXPERIMENT}" has no variant "targetted-unit" (did you mean "targeted-unit"?)`,
  );
  writeFileSync(path, `${readFileSync(path, 'utf8')}  later: {}\n`);
  expect(() => plan('later')).toThrow(
    `no run of later of experiment "${EXPERIMENT}" is trained in ${results}; train with: td run ${path} --only later --results ${results}`,
  );
  const [ofRuns] = planAll(findRuns(results), { results, only: ['none'] });
  expect(variantsOf(ofRuns?.runs ?? [])).toEqual(['none']);
  expect(() => planAll(findRuns(results), { results, only: ['non'] })).toThrow(
    `no variant "non" is trained in ${results} (did you mean "none"?)`,
  );
});
