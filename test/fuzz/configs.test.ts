/** @file Experiment files changed at random: each is taken for what it says, or refused in one sentence. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expandRuns } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { runDirectory } from '../../src/runs/directory.ts';
import { configChanges } from './config-changes.ts';
import { parametersOf } from './form.ts';
import { requireGoodEnd, runLine } from './line.ts';
import { makeSurroundings, type Surroundings } from './surroundings.ts';

const CONFIGS = join(import.meta.dirname, '../../configs');
const FILES = readdirSync(CONFIGS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .sort();

/** Commands that read an experiment file and train nothing; the first is tried most. */
const COMMANDS = [
  ...new Array<string[]>(12).fill(['run', 'FILE', '--print-config']),
  ['run', 'FILE', '--print-config', '--set', 'schedule.epochs=3', '--seeds', '7'],
  ['run', 'FILE', '--dry-run', '--no-measure', '--engine', 'reference'],
  ['sweep', 'FILE'],
  ['table', 'FILE'],
  ['check', 'FILE'],
  ['baseline', 'FILE'],
  ['figures', 'FILE'],
  ['report', 'FILE'],
  ['list', 'FILE'],
];

let surroundings: Surroundings;
let folder: string;
beforeAll(() => {
  surroundings = makeSurroundings({ hasResults: false });
  folder = process.cwd();
  process.chdir(surroundings.work);
});
afterAll(() => {
  process.chdir(folder);
  surroundings.remove();
});

it('a changed experiment file is taken or refused, and nothing is written', async () => {
  const texts = new Map(FILES.map((name) => [name, readFileSync(join(CONFIGS, name), 'utf8')]));
  const codes = { 0: 0, 2: 0 };
  const property = fc.asyncProperty(
    fc.constantFrom(...FILES),
    configChanges,
    fc.constantFrom(...COMMANDS),
    async (name, change, command) => {
      // Beside the good files, which it may extend.
      const path = join('configs', name.replace(/\.yaml$/, '-changed.yaml'));
      writeFileSync(path, change(texts.get(name) ?? ''));
      const before = surroundings.list();
      const ended = await runLine(command.map((word) => (word === 'FILE' ? path : word)));
      requireGoodEnd(ended);
      expect(surroundings.list()).toEqual(before);
      if (ended.code === 0 && command.length === 3) requireSound(path, ended.stdout);
      rmSync(path);
      codes[ended.code as 0 | 2]++;
    },
  );
  await fc.assert(property, parametersOf('experiment files', { short: 200, soak: 12_000 }));
  // Were all refused, or none, little would have been tried.
  expect(Math.min(codes[0], codes[2])).toBeGreaterThan((codes[0] + codes[2]) / 20);
});

/** Runs lie within the results, and what was printed is the same experiment. */
function requireSound(path: string, printed: string): void {
  const runs = expandRuns(loadExperiment(path));
  for (const run of runs) {
    const place = relative(resolve('results'), resolve(runDirectory('results', run)));
    expect(place.split('/')).toEqual([
      run.experiment,
      run.variant,
      expect.stringMatching(/^seed-\d+-[0-9a-f]{8}$/),
    ]);
  }
  writeFileSync('configs/printed.yaml', printed);
  const again = expandRuns(loadExperiment('configs/printed.yaml'));
  expect(again.map(({ id }) => id)).toEqual(runs.map(({ id }) => id));
  rmSync('configs/printed.yaml');
}
