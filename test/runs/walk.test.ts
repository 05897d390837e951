/** @file Results folders as users have them: links, other people's folders, files in the wrong place. */
import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listFileVersions } from '../../src/report/file-versions.ts';
import { findRuns } from '../../src/runs/find.ts';
import { walkResults } from '../../src/runs/walk.ts';
import { finishSoundRun, specOf } from './runs.ts';
import { temporaryFolder } from './temporary.ts';

const isAdministrator = process.getuid?.() === 0;

/** Two variants of an experiment. */
function makeResults() {
  const results = temporaryFolder();
  const runs = ['l1', 'none'].map((variant) => specOf({ experiment: 'few', variant }));
  for (const run of runs) finishSoundRun(results, run);
  const ids = runs.map(({ id }) => id);
  const find = () => findRuns(results).runs.map(({ id }) => id);
  return { results, ids, find, move: (path: string) => moveAway(join(results, path)) };
}

/** Moves a folder to a larger disk and leaves a link in its place. @returns where it is now */
function moveAway(path: string): string {
  const place = join(temporaryFolder(), 'moved');
  renameSync(path, place);
  symlinkSync(place, path);
  return place;
}

describe.skipIf(process.platform === 'win32')('a folder that was moved, with a link in its place', () => {
  it.each(['few', 'few/none'])('is walked as if it were there: %s', (path) => {
    const { ids, find, move, results } = makeResults();
    move(path);
    expect(find()).toEqual(ids);
    expect(walkResults(results).passedOver).toEqual([]);
  });

  it('is walked where it is the folder of a run, or of all results', () => {
    const { ids, find, move, results } = makeResults();
    move(`few/${ids[0]}`);
    expect(find()).toEqual(ids);
    const link = join(temporaryFolder(), 'results');
    symlinkSync(results, link);
    expect(findRuns(link).runs.map(({ id }) => id)).toEqual(ids);
  });

  it('is watched by a report that is shown', () => {
    const { results, move, ids } = makeResults();
    const before = listFileVersions(results);
    const place = move('few/none');
    expect(listFileVersions(results)).toEqual(before);
    writeFileSync(join(place, (ids[1] ?? '').replace('none/', ''), 'log.jsonl'), 'news');
    expect(listFileVersions(results)).not.toEqual(before);
  });
});

describe.skipIf(process.platform === 'win32')('what cannot be looked into', () => {
  it('is passed over by name: links that lead nowhere, to themselves or above, files in the place of runs', () => {
    const { results, ids, find } = makeResults();
    symlinkSync('gone', join(results, 'few/unmounted'));
    symlinkSync('circle', join(results, 'circle'));
    symlinkSync('..', join(results, 'few/up'));
    symlinkSync('.', join(results, 'self'));
    writeFileSync(join(results, 'few/none/seed-7-12345678'), '');
    expect(find()).toEqual(ids);
    expect(findRuns(results).passedOver.toSorted()).toEqual(
      [
        `${join(results, 'circle')} (ELOOP)`,
        `${join(results, 'few/none/seed-7-12345678')} (it is a file)`,
        `${join(results, 'few/unmounted')} (a link that leads nowhere)`,
        `${join(results, 'few/up')} (a link to a folder above it)`,
        `${join(results, 'self')} (a link to a folder above it)`,
      ].toSorted(),
    );
  });

  it('is no matter of files and folders that only lie beside', () => {
    const { results, ids, find } = makeResults();
    for (const name of ['lost+found', 'few/notes', 'few/none/old', '.cache']) mkdirSync(join(results, name));
    for (const name of ['README.md', 'few/sweep.csv', 'few/none/note.txt'])
      writeFileSync(join(results, name), '');
    symlinkSync('README.md', join(results, 'link.md'));
    expect(find()).toEqual(ids);
    expect(findRuns(results).passedOver).toEqual([]);
  });

  it.skipIf(isAdministrator).each(['other', 'few/none', 'few/none/RUN'])(
    "is another user's folder, which is named with the reason: %s",
    (name) => {
      const { results, ids } = makeResults();
      const path = join(results, name.replace('none/RUN', ids[1] ?? ''));
      mkdirSync(path, { recursive: true });
      chmodSync(path, 0);
      onTestFinished(() => chmodSync(path, 0o755));
      const { runs, leftOut, passedOver } = findRuns(results);
      expect(passedOver).toEqual([expect.stringMatching(new RegExp(`^${path}.* \\(EACCES\\)$`))]);
      expect(leftOut).toEqual([]);
      expect(runs.map(({ id }) => id)).toEqual(name === 'other' ? ids : [ids[0]]);
    },
  );
});
