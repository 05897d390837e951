/** @file Checks where runs lie, when they are done, and how they are found again. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderSettings } from '../../src/config/render.ts';
import { UserError } from '../../src/errors.ts';
import { type RunIdentity, runDirectory, runState } from '../../src/runs/directory.ts';
import { findRuns } from '../../src/runs/find.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { readSummary, writeSummary } from '../../src/runs/summary.ts';
import { openNewRun } from '../support/new-folders.ts';
import { beginSoundRun, ENVIRONMENT, finishSoundRun, RUN, specOf, summaryOf } from './runs.ts';
import { temporaryFolder } from './temporary.ts';

const SHA256 = 'ab'.repeat(32);

function finish(results: string, run: RunIdentity): string {
  const directory = openNewRun(results, run, 'name: x\n', ENVIRONMENT);
  writeSummary(directory, summaryOf(run, SHA256));
  return directory;
}

describe('runDirectory', () => {
  it('names experiment, variant, seed and the first 8 digits of the hash', () => {
    expect(runDirectory('results', RUN)).toBe(join('results/mnist-lenet/targeted-weight/seed-0-1a2b3c4d'));
  });

  it('refuses names that would lead elsewhere', () => {
    for (const variant of ['../other', 'a/b', '..', '.hidden', '']) {
      expect(() => runDirectory('results', { ...RUN, variant })).toThrow(UserError);
    }
  });
});

describe('openRun', () => {
  it('writes settings and environment, and the run is unfinished until the summary is there', () => {
    const results = temporaryFolder();
    expect(runState(runDirectory(results, RUN))).toBe('new');
    const directory = openNewRun(results, RUN, 'name: x\n', ENVIRONMENT);
    expect(readFileSync(join(directory, 'config.yaml'), 'utf8')).toBe('name: x\n');
    expect(JSON.parse(readFileSync(join(directory, 'environment.json'), 'utf8'))).toEqual(ENVIRONMENT);
    expect(runState(directory)).toBe('unfinished');
    writeSummary(directory, summaryOf(RUN, SHA256));
    expect(runState(directory)).toBe('done');
  });

  it('does not make a folder in the place of one that was taken away', () => {
    const results = temporaryFolder();
    expect(() => openRun(results, RUN, 'name: x\n', ENVIRONMENT)).toThrow('ENOENT');
    expect(readdirSync(results)).toEqual([]);
  });

  it('leaves a finished run untouched', () => {
    const results = temporaryFolder();
    const directory = finish(results, RUN);
    expect(runState(directory)).toBe('done');
    openRun(results, RUN, 'name: other\n', ENVIRONMENT);
    expect(readFileSync(join(directory, 'config.yaml'), 'utf8')).toBe('name: x\n');
  });
});

describe('summary', () => {
  it('comes back as it was written, a diverged loss included', () => {
    const directory = temporaryFolder();
    const summary = { ...summaryOf(RUN, SHA256), testLoss: Number.NaN };
    writeSummary(directory, summary);
    expect(readSummary(directory)).toEqual(summary);
    expect(readdirSync(directory)).toEqual(['summary.json']);
  });

  it('is absent before the run is done', () => {
    expect(readSummary(temporaryFolder())).toBeUndefined();
  });

  it.each([
    ['half a file', '{"experiment": "mn', 'is not valid JSON'],
    ['an accuracy in percent', { ...summaryOf(RUN, SHA256), testAccuracy: 98.71 }, '"testAccuracy"'],
    ['a shortened digest', summaryOf(RUN, 'abcd'), '"checkpointSha256" is "abcd", expected a SHA-256'],
  ])('is refused with its path for %s', (_, content, message) => {
    const directory = temporaryFolder();
    const path = join(directory, 'summary.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    expect(() => readSummary(directory)).toThrow(UserError);
    expect(() => readSummary(directory)).toThrow(message);
    expect(() => readSummary(directory)).toThrow(path);
  });
});

describe('findRuns', () => {
  it('orders runs by experiment, variant and seed, numbers as numbers', () => {
    const results = temporaryFolder();
    const runs = [
      { experiment: 'lenet-300' },
      { experiment: 'lenet-5', seed: 10 },
      { experiment: 'lenet-5', seed: 2 },
      { experiment: 'lenet-5', variant: 'none' },
    ].map(specOf);
    for (const run of runs) finishSoundRun(results, run);
    const hash = runs[0]?.hash.slice(0, 8);
    expect(findRuns(results).runs.map(({ identity, id }) => `${identity.experiment}/${id}`)).toEqual([
      `lenet-5/none/seed-0-${hash}`,
      `lenet-5/targeted-weight/seed-2-${hash}`,
      `lenet-5/targeted-weight/seed-10-${hash}`,
      `lenet-300/targeted-weight/seed-0-${hash}`,
    ]);
    expect(findRuns(results, ['lenet-300']).runs.map(({ identity }) => identity.experiment)).toEqual([
      'lenet-300',
    ]);
  });

  it('tells finished runs with their summary from unfinished ones with their checkpoint', () => {
    const results = temporaryFolder();
    const directory = finishSoundRun(results, specOf());
    const { sha256 } = beginSoundRun(results, specOf({ seed: 1 }));
    const begun = specOf({ seed: 2 });
    openNewRun(results, begun, renderSettings(begun), ENVIRONMENT);
    expect(findRuns(results).runs).toMatchObject([
      { state: 'done', summary: readSummary(directory) },
      { state: 'unfinished', checkpoint: { epoch: 1, step: 468, sha256 } },
      { state: 'unfinished', checkpoint: undefined },
    ]);
  });

  it('passes over files and folders that are not runs, and finds nothing in a folder that is not there', () => {
    const results = temporaryFolder();
    mkdirSync(join(results, 'baseline/none/notes'), { recursive: true });
    mkdirSync(join(results, 'lost+found'));
    writeFileSync(join(results, 'README.md'), '');
    writeFileSync(join(results, 'baseline/sweep.csv'), '');
    const nothing = { runs: [], leftOut: [], passedOver: [] };
    expect(findRuns(results)).toEqual(nothing);
    expect(findRuns(join(results, 'absent'))).toEqual(nothing);
    expect(() => findRuns(join(results, 'README.md'))).toThrow('is a file, expected a results folder');
  });
});
