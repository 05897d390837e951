/** @file A damaged run harms no other, and is told by every command that shows or uses it; one that is out of sight loses nothing. */
import { cpSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunSpec } from '../../src/config/experiment.ts';
import { writeResults } from '../figures/results-folder.ts';
import { runLineOn } from '../fuzz/line.ts';
import { finishSoundRun, specOf } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';

let results: string;
let runs: RunSpec[];
beforeEach(() => {
  results = join(temporaryFolder(), 'results');
  runs = writeResults(results);
  finishSoundRun(results, specOf({ experiment: 'sound', variant: 'none' }));
});

const run = (index: number) => runs[index] as RunSpec;
const pathOf = (index: number, name = '') => join(results, 'few', run(index).id, name);

const td = (...words: readonly string[]) => runLineOn(results, ...words);

/** What is done to the first run of `few`, and what is said of it. */
const DAMAGES: Readonly<Record<string, [() => void, RegExp]>> = {
  'a summary of which half is there': [
    () => writeFileSync(pathOf(0, 'summary.json'), readFileSync(pathOf(0, 'summary.json')).subarray(0, 100)),
    /summary\.json is not valid JSON/,
  ],
  'settings that were edited': [
    () => {
      const text = readFileSync(pathOf(0, 'config.yaml'), 'utf8');
      writeFileSync(pathOf(0, 'config.yaml'), text.replace('learningRate: 0.1', 'learningRate: 0.7'));
    },
    /config\.yaml does not hold the settings that the run was trained with/,
  ],
  'epochs that changed places': [
    () => {
      const text = readFileSync(pathOf(0, 'metrics.csv'), 'utf8');
      writeFileSync(pathOf(0, 'metrics.csv'), text.replace(/(1,.*\n)(2,.*\n)/, '$2$1'));
    },
    /metrics\.csv has epoch 2 in the place of epoch 1/,
  ],
  'a folder copied from another seed': [
    () => {
      rmSync(pathOf(0), { recursive: true });
      cpSync(pathOf(1), pathOf(0), { recursive: true });
    },
    /few\/none\/seed-0-\w+ holds the run few\/none\/seed-1-\w+, as its \w+\.json says/,
  ],
};

/** Rows without multiply-adds, which a sweep counts where an earlier version did not. */
function listRows(sweep: string): string[] {
  return sweep
    .split('\n')
    .map((line) => line.replace(/,\d*,\d*$/, ''))
    .sort();
}

describe.each(Object.entries(DAMAGES))('a run with %s', (_, [damage, said]) => {
  beforeEach(() => damage());

  it('is listed as damaged, the others as ever, and the exit code says 1', async () => {
    const { code, stdout, stderr } = await td('list');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(said) });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout).toMatch(/^few +none +0 +damaged +few\/none/m);
    expect(stdout.match(/ done /g)).toHaveLength(6);
    const { stdout: json } = await td('list', 'few', '--json');
    expect(JSON.parse(json)).toContainEqual(
      expect.objectContaining({ state: 'damaged', reason: expect.stringMatching(said) }),
    );
  });

  it('is no matter of other runs and experiments', async () => {
    for (const words of [
      ['list', 'sound'],
      ['show', 'sound/none/0'],
      ['show', 'few/none/1'],
    ])
      expect({ words, ...(await td(...words)) }).toMatchObject({ code: 0, stderr: '' });
  });

  it('is shown as damaged, without what is not to be believed', async () => {
    const { code, stdout, stderr } = await td('show', 'few/none/0');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(said) });
    expect(stdout).toMatch(/^few\/none\/seed-0-\w+: damaged\n\nFiles in /);
    expect(stdout).not.toMatch(/Settings|Training loss/);
    const json = await td('show', 'few/none/0', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ run: { state: 'damaged' } });
  });

  it('is told beside tables that are without its rows', async () => {
    for (const words of [
      ['table', 'few'],
      ['baseline', 'few', '--out', join(results, 'base.csv')],
    ]) {
      const { code, stdout, stderr } = await td(...words);
      expect({ words, code, stderr }).toEqual({ words, code: 1, stderr: expect.stringMatching(said) });
      expect(stdout.length).toBeGreaterThan(20);
    }
  });

  it('fails in a sweep, which goes on with the others and keeps its rows', async () => {
    const before = readFileSync(join(results, 'few/sweep.csv'), 'utf8');
    const words = ['sweep', '--prune', '0,0.5,0.9', '--no-figures', '--threads', '1'];
    rmSync(join(results, 'sound'), { recursive: true });
    const { code, stdout, stderr } = await td(...words);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(said) });
    expect(stderr.match(/0 evaluations in .*6 known already/g)).toHaveLength(5);
    expect(stderr).toMatch(/^1 run failed:$/m);
    expect(stdout).toContain('written: few/sweep.csv');
    const after = readFileSync(join(results, 'few/sweep.csv'), 'utf8');
    expect(listRows(after)).toEqual(listRows(before));
  });

  it('is in the report, and left out of its curves', async () => {
    const out = join(results, 'r.html');
    const { code, stderr } = await td('report', 'few', '--out', out);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(said) });
    const page = readFileSync(out, 'utf8');
    expect(page).toContain('Damaged, and left out');
    expect(page).toContain('6 runs: 5 done, 1 damaged.');
    expect(page).not.toContain('learningRate: 0.7');
  });

  it('is damaged in a plan, too', async () => {
    const { code, stdout, stderr } = await td('run', join(results, 'few.yaml'), '--dry-run', '--no-measure');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(said) });
    expect(stdout).toMatch(/^\d +few +none +0 +damaged/m);
    expect(stdout).toContain('nothing to do, 5 are done');
  });
});

describe('a sweep.csv that cannot be read', () => {
  beforeEach(() => {
    writeFileSync(join(results, 'few/sweep.csv'), 'experiment\nfew\n');
    finishSoundRun(results, specOf({ experiment: 'other', variant: 'none' }));
  });

  it('is told, and no matter of other experiments in a report of all', async () => {
    const out = join(results, 'r.html');
    const { code, stderr } = await td('report', '--out', out);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /^td: few\/sweep\.csv:1: expected the columns .*; mend it, or remove it to have all rows computed anew$/m,
      ),
    });
    const page = readFileSync(out, 'utf8');
    expect(page).toContain('<h2 id="name-1">sound</h2>');
    expect(page).not.toContain('>few</h2>');
  });

  it('fails the sweep of its own experiment alone', async () => {
    // What lies in these two is no network.
    for (const name of ['sound', 'other']) rmSync(join(results, name), { recursive: true });
    copyExperiment('zoo');
    const words = ['sweep', '--prune', '0', '--granularity', 'weight', '--no-figures', '--threads', '1'];
    const { code, stdout, stderr } = await td(...words);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('1 table failed:\n  few: few/sweep.csv:1: expected the columns'),
    });
    expect(stderr.match(/expected the columns/g)).toHaveLength(1);
    expect(stdout).toContain('written: zoo/sweep.csv');
    // At rate 0, and at the targeting rate of two of them.
    expect(stderr.match(/zoo \S+ seed \d: 2 evaluations in/g)).toHaveLength(6);
  });
});

/** The runs of `few` as those of an experiment of another name. */
function copyExperiment(name: string): void {
  for (const { id } of runs) {
    const [from, to] = [join(results, 'few', id), join(results, name, id)];
    cpSync(from, to, { recursive: true });
    for (const file of ['config.yaml', 'summary.json']) {
      const text = readFileSync(join(from, file), 'utf8');
      writeFileSync(join(to, file), text.replace(/(name: |"experiment": ")few/, `$1${name}`));
    }
  }
}

describe.skipIf(process.platform === 'win32')('a run that is out of sight', () => {
  it('keeps its rows in the table, and a sweep says so', async () => {
    renameSync(join(results, 'few/none'), join(results, 'few/.away'));
    rmSync(join(results, 'sound'), { recursive: true });
    const before = readFileSync(join(results, 'few/sweep.csv'), 'utf8');
    const words = ['sweep', '--prune', '0,0.5,0.9', '--no-figures', '--threads', '1'];
    const { code, stderr } = await td(...words);
    expect(code).toBe(0);
    const ids = `${run(0).id}, ${run(1).id}`;
    expect(stderr).toContain(
      `warning: few/sweep.csv keeps rows of 2 runs not in sight (${ids}); remove these lines if they are gone for good`,
    );
    const after = readFileSync(join(results, 'few/sweep.csv'), 'utf8');
    expect(listRows(after)).toEqual(listRows(before));
  });

  it('is told in one warning a command, however often the command looks', async () => {
    renameSync(join(results, 'few/none'), join(results, 'few/.away'));
    symlinkSync('/nowhere/none', join(results, 'few/none'));
    symlinkSync('/nowhere/more', join(results, 'more'));
    rmSync(join(results, 'sound'), { recursive: true });
    const words = ['sweep', '--prune', '0,0.5,0.9', '--threads', '1'];
    const { code, stderr } = await td(...words);
    expect(code).toBe(0);
    const warnings = stderr.split('\n').filter((line) => line.includes('passed over'));
    expect(warnings).toEqual([
      'warning: passed over 2 folders that cannot be read: more (a link that leads nowhere), few/none (a link that leads nowhere)',
    ]);
  });
});
