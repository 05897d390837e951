/** @file By which of several runs the engine is chosen. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expandRuns } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { decisiveSettings, settingsOfEvaluation, untrained } from '../../src/runner/trial/decisive.ts';
import { runDirectory } from '../../src/runs/directory.ts';
import { temporaryFolder } from '../runs/temporary.ts';

function expandTwo(folder: string) {
  const path = join(folder, 'x.yaml');
  const variants = '{ plain: {}, rounded: { precision: bfloat16 } }';
  writeFileSync(path, `name: x\nmodel: { name: lenet }\nvariants: ${variants}\n`);
  const [plain, rounded] = expandRuns(loadExperiment(path));
  if (plain === undefined || rounded === undefined) throw new Error('expected two runs');
  return { plain, rounded };
}

it('is one of another precision than float32, which every engine has', () => {
  const { plain, rounded } = expandTwo(temporaryFolder());
  expect(decisiveSettings([plain, rounded])?.precision).toBe('bfloat16');
  expect(decisiveSettings([plain])?.precision).toBe('float32');
  expect(decisiveSettings([])).toBeUndefined();
});

it('is none that is trained already', () => {
  const folder = temporaryFolder();
  const { plain, rounded } = expandTwo(folder);
  const results = join(folder, 'results');
  expect(untrained([plain, rounded], results)).toEqual([plain, rounded]);
  const directory = runDirectory(results, rounded);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'summary.json'), '{}');
  expect(untrained([plain, rounded], results)).toEqual([plain]);
});

it('does not matter to evaluations, which are in float32', () => {
  expect(settingsOfEvaluation(expandTwo(temporaryFolder()).rounded.settings).precision).toBe('float32');
});
