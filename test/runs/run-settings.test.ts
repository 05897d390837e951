/** @file The settings of a run, read back from its folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { expandRuns, type RunSpec } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { renderSettings } from '../../src/config/render.ts';
import { readRunSettings } from '../../src/runs/run-settings.ts';
import { makeFolder } from '../cli/td.ts';

const place = makeFolder({
  'tiny.yaml': 'seeds: [0, 1, 20]\nvariants:\n  a: {}\n  b: { model: { widths: [7] } }\n',
});
afterAll(() => place.remove());

const runs = expandRuns(loadExperiment(join(place.folder, 'tiny.yaml')));

/** A folder with the config.yaml that td writes. */
function write(run: RunSpec): string {
  const directory = join(place.folder, run.id);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'config.yaml'), renderSettings(run));
  return directory;
}

it('are those that it was written with, and are understood once for all seeds of a variant', () => {
  const read = runs.map((run) => readRunSettings(write(run)));
  expect(read.map(({ variant, seed, id, hash }) => ({ variant, seed, id, hash }))).toEqual(
    runs.map(({ variant, seed, id, hash }) => ({ variant, seed, id, hash })),
  );
  expect(read.map(({ settings }) => settings)).toEqual(runs.map(({ settings }) => settings));
  // The same object, not only equal ones: with thousands of runs it is the reading that takes long.
  expect(new Set(read.map(({ settings }) => settings)).size).toBe(2);
});
