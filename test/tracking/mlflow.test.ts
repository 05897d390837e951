/** @file Runs in a store of MLflow: as its files say, and as MLflow reads them where it is installed. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findRuns } from '../../src/runs/find.ts';
import { writeMlflowRun } from '../../src/tracking/mlflow.ts';
import { execute, listFiles, makeFolder, type Place, PROGRESS, td } from '../cli/td.ts';
import { ACCURACIES, writeResults } from '../figures/results-folder.ts';
import { temporaryFolder } from '../runs/temporary.ts';

/** A Python that has mlflow or mlflow-skinny. */
const { TD_MLFLOW_PYTHON } = process.env;
const WITHOUT = TD_MLFLOW_PYTHON ? '' : ' (skipped: TD_MLFLOW_PYTHON names no Python with mlflow)';

let place: Place;
let store: string;

beforeAll(async () => {
  place = makeFolder({});
  writeResults(join(place.folder, 'results'));
  store = join(place.folder, 'mlruns');
  expect(await td(place.folder, 'export-metrics', 'few', '--mlflow', 'mlruns')).toEqual({
    code: 0,
    stdout: 'written: 6 runs of 1 experiment into mlruns\n',
    stderr: expect.stringMatching(PROGRESS),
  });
  return () => place.remove();
});

describe('td export-metrics --mlflow', () => {
  it('writes a folder for each run, with curves, rates and settings', () => {
    const [experiment = '', ...others] = readdirSync(store);
    expect(others).toEqual([]);
    expect(parse(readFileSync(join(store, experiment, 'meta.yaml'), 'utf8'))).toMatchObject({
      name: 'few',
      experiment_id: experiment,
      lifecycle_stage: 'active',
    });
    const runs = readdirSync(join(store, experiment)).filter((name) => name !== 'meta.yaml');
    expect(runs).toHaveLength(6);
    for (const run of runs) {
      const read = (path: string) => readFileSync(join(store, experiment, run, path), 'utf8');
      expect(parse(read('meta.yaml'))).toMatchObject({ run_id: run, experiment_id: experiment, status: 3 });
      const { variant, seed } = { variant: read('params/variant'), seed: Number(read('params/seed')) };
      const numbersOf = (path: string) =>
        read(path)
          .trim()
          .split('\n')
          .map((line) => line.split(' ').slice(1).map(Number));
      expect(numbersOf('metrics/testAccuracy')).toEqual([
        [expect.closeTo(0.85 - 0.02 * seed), 100],
        [expect.closeTo(0.9 - 0.02 * seed), 200],
      ]);
      expect(numbersOf('metrics/pruned unit/accuracy')).toEqual(
        [0, 500, 900].map((rate, index) => [ACCURACIES[variant]?.[index]?.[seed], rate]),
      );
      expect(read('params/schedule.optimizer.momentum')).toBe('0.9');
    }
  });

  it('says what the network of the epoch that is kept has, which the end of a curve does not', () => {
    const [run] = findRuns(join(place.folder, 'results'), ['few']).runs;
    if (run?.state !== 'done') throw new Error('no run is done');
    const folder = join(temporaryFolder(), 'kept');
    writeMlflowRun(folder, { ...run, summary: { ...run.summary, bestEpoch: 1, testAccuracy: 0.875 } }, []);
    const [path = ''] = listFiles(folder).filter((name) => name.endsWith('metrics/kept/testAccuracy'));
    expect(readFileSync(join(folder, path), 'utf8')).toMatch(/^\d+ 0\.875 100\n$/);
    expect(listFiles(store).filter((name) => name.includes('/kept/'))).toEqual([]);
  });

  it('writes the same again, and leaves what others wrote', async () => {
    const files = listFiles(store);
    writeFileSync(join(store, 'note.txt'), 'mine');
    expect(await td(place.folder, 'export-metrics', '--mlflow', 'mlruns')).toMatchObject({ code: 0 });
    expect(listFiles(store)).toEqual([...files, 'note.txt'].sort());
  });

  it.each([
    [[], 'no form is named, expected --mlflow <folder>'],
    [['few', '--mlflow', 'results/few.yaml'], '--mlflow: results/few.yaml is a file, expected a folder'],
    [['fwe', '--mlflow', 'other'], 'did you mean "few"?'],
  ])('refuses %j, and writes nothing', async (words, sentence) => {
    const { code, stderr } = await td(place.folder, 'export-metrics', ...words);
    expect(stderr).toContain(sentence);
    expect(code).toBe(2);
    expect(readdirSync(place.folder).sort()).toEqual(['mlruns', 'results']);
  });

  it.skipIf(!TD_MLFLOW_PYTHON)(
    `is read by MLflow itself${WITHOUT}`,
    async () => {
      const script = join(import.meta.dirname, 'read_store.py');
      const variables = { MLFLOW_ALLOW_FILE_STORE: 'true' };
      const { code, stdout } = await execute(
        TD_MLFLOW_PYTHON ?? '',
        [script, store],
        place.folder,
        variables,
      );
      expect(code).toBe(0);
      const runs = JSON.parse(stdout) as {
        name: string;
        status: string;
        metrics: Record<string, number[][]>;
      }[];
      expect(runs.map(({ name }) => name).sort()).toEqual(
        Object.keys(ACCURACIES)
          .flatMap((variant) => [`${variant} seed 0`, `${variant} seed 1`])
          .sort(),
      );
      const plain = runs.find(({ name }) => name === 'none seed 1');
      expect(plain).toMatchObject({
        experiment: 'few',
        status: 'FINISHED',
        params: { 'model.widths': '[4,3]' },
      });
      expect(plain?.metrics['pruned weight/accuracy']).toEqual([
        [0, 0.96],
        [500, 0.8],
        [900, 0.1],
      ]);
      expect(plain?.metrics.trainLoss).toEqual([
        [100, 2],
        [200, 1.5],
      ]);
    },
    120_000,
  );
});
