/** @file Which rows of sweep.csv go when new ones come: those of networks that are no more, never those out of sight. */

import { cpSync, existsSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSweep } from '../../src/sweeps/read-sweep.ts';
import { checkpointId, DENSE, type SweepRow, sweepPath, UNCOUNTED } from '../../src/sweeps/rows.ts';
import { addSweepRows } from '../../src/sweeps/store.ts';
import { finishSoundRun, specOf } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { writeNewSweep } from '../support/new-folders.ts';

const EXPERIMENT = 'few';

function runAt(seed: number) {
  return specOf({ experiment: EXPERIMENT, variant: 'none', seed });
}

function rowOf(seed: number, sha256: string): SweepRow {
  return {
    experiment: EXPERIMENT,
    variant: 'none',
    seed,
    granularity: 'weight',
    pruneRate: 0.5,
    sparsity: 0.5,
    parametersTotal: 10,
    parametersKept: 5,
    ...DENSE,
    ...UNCOUNTED,
    accuracy: 0.5,
    loss: 1,
    testImages: 10,
    runId: checkpointId(runAt(seed).id, sha256),
  };
}

const digestOf = (directory: string) =>
  (JSON.parse(readFileSync(join(directory, 'summary.json'), 'utf8')) as { checkpointSha256: string })
    .checkpointSha256;

/** Seeds 0 and 1, swept, and then a row of seed 2 that comes after something was done to them. */
async function sweepAfter(change: (results: string, directory: string) => void): Promise<number[]> {
  const results = temporaryFolder();
  const directories = [0, 1].map((seed) => finishSoundRun(results, runAt(seed)));
  const rows = directories.map((directory, seed) => rowOf(seed, digestOf(directory)));
  writeNewSweep(sweepPath(results, EXPERIMENT), rows);
  change(results, directories[1] ?? '');
  await addSweepRows(results, EXPERIMENT, [rowOf(2, 'c'.repeat(64))], []);
  return readSweep(sweepPath(results, EXPERIMENT)).map(({ seed }) => seed);
}

describe('rows of a run', () => {
  it('stay while nothing happens to it', async () => {
    expect(await sweepAfter(() => {})).toEqual([0, 1, 2]);
  });

  it('stay while it is out of sight: its folder moved, its disk missing', async () => {
    expect(await sweepAfter((_, directory) => renameSync(directory, `${directory}-away`))).toEqual([0, 1, 2]);
    const unmount = (results: string) => {
      renameSync(join(results, EXPERIMENT, 'none'), join(results, 'away'));
      symlinkSync('/nowhere/none', join(results, EXPERIMENT, 'none'));
    };
    expect(await sweepAfter(unmount)).toEqual([0, 1, 2]);
  });

  it('stay while its summary cannot be read', async () => {
    const damage = (_: string, directory: string) => writeFileSync(join(directory, 'summary.json'), '{');
    expect(await sweepAfter(damage)).toEqual([0, 1, 2]);
  });

  it('go once it was trained again, with another network in the end', async () => {
    const retrain = (_: string, directory: string) => {
      const path = join(directory, 'summary.json');
      const summary = readFileSync(path, 'utf8').replace(
        /"checkpointSha256": "\w+"/,
        `"checkpointSha256": "${'d'.repeat(64)}"`,
      );
      writeFileSync(path, summary);
    };
    expect(await sweepAfter(retrain)).toEqual([0, 2]);
  });

  it('go if they were measured on the network of another run that lies in its place', async () => {
    const results = temporaryFolder();
    const directory = finishSoundRun(results, runAt(0));
    cpSync(directory, directory.replace('seed-0', 'seed-1'), { recursive: true });
    const rows = [0, 1].map((seed) => rowOf(seed, digestOf(directory)));
    writeNewSweep(sweepPath(results, EXPERIMENT), rows);
    await addSweepRows(results, EXPERIMENT, [], []);
    expect(readSweep(sweepPath(results, EXPERIMENT)).map(({ seed }) => seed)).toEqual([0]);
  });
});

it('a sweep.csv that cannot be read is refused with what to remove', async () => {
  const results = temporaryFolder();
  finishSoundRun(results, runAt(0));
  const path = sweepPath(results, EXPERIMENT);
  writeNewSweep(path, [rowOf(0, 'a'.repeat(64))]);
  writeFileSync(path, readFileSync(path, 'utf8').replace('weight,0.5', 'weight,half'));
  await expect(addSweepRows(results, EXPERIMENT, [], [])).rejects.toThrow(
    `${path}:2: column prune_rate: expected a share from 0 to 1, found "half"; mend it, or remove it to have all rows computed anew`,
  );
});

it('a file of before there were several evaluations stays as it is until there is a new row', async () => {
  const results = temporaryFolder();
  const path = sweepPath(results, EXPERIMENT);
  const row = rowOf(0, 'a'.repeat(64));
  writeNewSweep(path, [row]);
  const old = readFileSync(path, 'utf8')
    .replace(/,evaluation.*/, '')
    .replace(',dense,0,0,,', '');
  writeFileSync(path, old);
  await addSweepRows(results, EXPERIMENT, [row], []);
  expect(readFileSync(path, 'utf8')).toBe(old);
  const added: SweepRow = { ...row, evaluation: 'gamma' };
  await addSweepRows(results, EXPERIMENT, [row, added], []);
  expect(readSweep(path)).toEqual([row, added]);
});

it('an experiment that is removed while it is swept is not made again', async () => {
  const results = temporaryFolder();
  await expect(addSweepRows(results, EXPERIMENT, [rowOf(0, 'a'.repeat(64))], [])).rejects.toThrow(
    `${join(results, EXPERIMENT)} was removed in the meantime`,
  );
  expect(existsSync(join(results, EXPERIMENT))).toBe(false);
});
