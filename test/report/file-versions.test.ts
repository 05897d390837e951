import { appendFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listFileVersions } from '../../src/report/file-versions.ts';
import { directoryOf, writeResults } from '../figures/results-folder.ts';
import { temporaryFolder } from '../runs/temporary.ts';

it('a version changes with every file that a report is made from, and with nothing else', () => {
  const results = temporaryFolder();
  const [run] = writeResults(results);
  if (run === undefined) throw new Error('there is a run');
  const directory = directoryOf(results, run);
  let before = listFileVersions(results);
  const hasChanged = () => {
    const now = listFileVersions(results);
    const changed = JSON.stringify(now) !== JSON.stringify(before);
    before = now;
    return changed;
  };
  expect(hasChanged()).toBe(false);
  appendFileSync(join(directory, 'metrics.csv'), '3,300,0.1,1,1,1,1\n');
  expect(hasChanged()).toBe(true);
  writeFileSync(join(directory, 'lock.json'), '{}');
  expect(hasChanged()).toBe(true);
  // The heartbeat of its owner.
  utimesSync(join(directory, 'lock.json'), new Date(), new Date(1));
  expect(hasChanged()).toBe(false);
  writeFileSync(join(results, 'few', 'figure-accuracy-weight.svg'), '<svg/>');
  expect(hasChanged()).toBe(false);
  rmSync(join(results, 'few', 'sweep.csv'));
  expect(hasChanged()).toBe(true);
  expect(listFileVersions(results, ['none such'])).toEqual([]);
  expect(listFileVersions(join(results, 'nowhere'))).toEqual([]);
});
