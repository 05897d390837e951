/** @file What may be removed from a results folder. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expandRuns, type RunSpec } from '../../src/config/experiment.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { tryLock } from '../../src/locks/lock.ts';
import { RUN_FILES } from '../../src/runs/directory.ts';
import { findRuns } from '../../src/runs/find.ts';
import { findGarbage, removeGarbage } from '../../src/runs/garbage.ts';
import { findNeeded } from '../../src/runs/needed.ts';
import { beginSoundRun, finishSoundRun, specOf } from './runs.ts';
import { temporaryFolder } from './temporary.ts';

const TEMPORARY = '.metrics.csv.00000000-0000-4000-8000-000000000000.tmp';

function list(
  results: string,
  ...expected: Parameters<typeof findGarbage>[1] extends infer M ? [M?] : never
) {
  const survey = findRuns(results);
  const files = expected[0] ?? new Map();
  return findGarbage(survey, files, findNeeded(survey, [...files.values()].flat()));
}

/** Plain training, fine-tuning of that, and fine-tuning of the fine-tuned. */
function runExperiment(): RunSpec[] {
  const tune = (from: string) =>
    ({ name: 'fine-tune', granularity: 'weight', from, pruneRate: 0.5 }) as const;
  const variants = [
    { name: 'none', settings: specOf().settings },
    ...[['once', 'none'] as const, ['twice', 'once'] as const].map(([name, from]) => ({
      name,
      settings: runSettingsSchema.parse({ schedule: { epochs: 2 }, regularizer: tune(from) }),
    })),
  ];
  const sweep = { prune: '0', granularity: 'both' } as const;
  return expandRuns({ name: 'mnist-lenet', path: '', seeds: [0], sweep, variants });
}

describe('garbage', () => {
  it('of a run that is done are its checkpoint, and what no process reads; nothing else', () => {
    const results = temporaryFolder();
    const directory = finishSoundRun(results, specOf());
    const before = readdirSync(directory).toSorted();
    for (const name of [TEMPORARY, 'metrics.csv.damaged', 'notes.txt'])
      writeFileSync(join(directory, name), 'x');
    const found = list(results).map(({ kind, path }) => [kind, path.slice(directory.length + 1)]);
    expect(found).toEqual([
      ['leftovers', RUN_FILES.previousCheckpoint],
      ['leftovers', RUN_FILES.previousTensors],
      ['leftovers', TEMPORARY],
      ['leftovers', 'metrics.csv.damaged'],
      ['checkpoints', RUN_FILES.tensors],
    ].filter(([, name]) => name === TEMPORARY || name === 'metrics.csv.damaged' || before.includes(name ?? ''))); // biome-ignore format: a table
    for (const one of list(results)) expect(removeGarbage(one)).toBeUndefined();
    expect(list(results)).toEqual([]);
    expect(findRuns(results).runs[0]?.state).toBe('done');
    expect(existsSync(join(directory, 'notes.txt'))).toBe(true);
  });

  it('of a run under way is no checkpoint, neither the last nor the one before', () => {
    const results = temporaryFolder();
    beginSoundRun(results, specOf(), 1);
    beginSoundRun(results, specOf({ seed: 1 }), 1);
    expect(list(results)).toEqual([]);
  });

  it('are runs that the file of their experiment has no more, but not other seeds, nor other experiments', () => {
    const results = temporaryFolder();
    const orphan = finishSoundRun(results, specOf({ variant: 'renamed' }));
    finishSoundRun(results, specOf());
    finishSoundRun(results, specOf({ seed: 7 }));
    finishSoundRun(results, specOf({ experiment: 'other', variant: 'renamed' }));
    const found = list(results, new Map([['mnist-lenet', [specOf()]]])).filter(
      ({ kind }) => kind === 'orphans',
    );
    expect(found.map(({ path }) => path)).toEqual([orphan]);
    expect(found[0]?.bytes).toBeGreaterThan(100);
    expect(found.map(removeGarbage)).toEqual([undefined]);
    expect(existsSync(orphan)).toBe(false);
    expect(findRuns(results).runs).toHaveLength(3);
  });

  it('are no weights that a run which is not done goes on from, through all that came before it', () => {
    const results = temporaryFolder();
    const experiment = runExperiment();
    const [none, once, twice] = experiment;
    if (none === undefined || once === undefined || twice === undefined) throw new Error('there are three');
    const parents = [none, once].map((spec) => finishSoundRun(results, spec));
    const other = finishSoundRun(results, { ...none, seed: 1, id: none.id.replace('seed-0', 'seed-1') });
    const listWeights = (file: readonly RunSpec[]) =>
      list(results, new Map([['mnist-lenet', file]]))
        .filter(({ kind }) => kind === 'checkpoints')
        .map(({ path }) => dirname(path))
        .toSorted();
    // Not begun: the file alone tells of it.
    expect(listWeights(experiment)).toEqual([other]);
    expect(listWeights([none, once])).toEqual([...parents, other].toSorted());
    // Under way: its own folder tells of it.
    const { directory } = beginSoundRun(results, twice, 1);
    expect(list(results).filter(({ kind }) => kind === 'checkpoints')).toHaveLength(1);
    rmSync(directory, { recursive: true });
    finishSoundRun(results, twice);
    expect(listWeights(experiment)).toHaveLength(4);
  });

  it('is left where somebody works on the run', () => {
    const results = temporaryFolder();
    const directory = finishSoundRun(results, specOf());
    writeFileSync(join(directory, TEMPORARY), 'x');
    const lock = tryLock(join(directory, RUN_FILES.lock));
    const [first] = list(results).filter(({ path }) => path.endsWith('.tmp'));
    expect(first && removeGarbage(first)).toMatch(/./);
    expect(existsSync(join(directory, TEMPORARY))).toBe(true);
    if ('release' in lock) lock.release();
  });
});
