/** @file Rows of runs that cannot be believed are in no number that a command shows, writes or judges by. */
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunSpec } from '../../src/config/experiment.ts';
import { writeResults } from '../figures/results-folder.ts';
import { runLineOn } from '../fuzz/line.ts';
import { temporaryFolder } from '../runs/temporary.ts';

let results: string;
let runs: RunSpec[];
let baseline: string;
beforeEach(async () => {
  const folder = temporaryFolder();
  results = join(folder, 'results');
  runs = writeResults(results);
  baseline = join(folder, 'base.csv');
  expect(await td('baseline', 'few', '--out', baseline)).toMatchObject({ code: 0, stderr: '' });
});

const td = (...words: readonly string[]) => runLineOn(results, ...words);

const fileOf = (index: number, name: string) => join(results, 'few', runs[index]?.id ?? '', name);

function edit(path: string, from: RegExp, to: string): void {
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(from);
  writeFileSync(path, text.replace(from, to));
}

/** An accuracy that no number of images gives. */
const damage = (index: number) => edit(fileOf(index, 'metrics.csv'), /[\d.]+\n$/, '0.99999\n');

const ODD =
  /^td: few\/none\/seed-0-\w+\/metrics\.csv has test accuracy 0\.99999 in epoch 2, which no number of the 10000 test images gives; .*\n$/;

describe('of a damaged run', () => {
  beforeEach(() => damage(0));

  it('a table has none, and names the run as missing', async () => {
    const { code, stdout, stderr } = await td('table', 'few', '--granularity', 'weight');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(ODD) });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    // That of seed 1, in the place of the mean of both.
    expect(stdout).toMatch(/^ +0 % +96\.00 +\(n = 1\)/m);
    expect(stdout).toContain('- Missing: none seed 0 (damaged).');
  });

  it('the tables of a sweep have none; sweep.csv keeps them', async () => {
    const before = readFileSync(join(results, 'few/sweep.csv'), 'utf8');
    const words = [
      'sweep',
      join(results, 'few.yaml'),
      '--prune',
      '0,0.5,0.9',
      '--no-figures',
      '--threads',
      '1',
    ];
    const { code, stdout, stderr } = await td(...words);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('test accuracy 0.99999') });
    expect(stdout).toMatch(/^ +0 % +96\.00 +/m);
    expect(stdout).toContain('- Missing: none seed 0 (damaged).');
    expect(readFileSync(join(results, 'few/table-weight.csv'), 'utf8')).toMatch(/^0,0\.96,,1,/m);
    expect(before).toMatch(/^few,none,0,/m);
    expect(readFileSync(join(results, 'few/sweep.csv'), 'utf8')).toMatch(/^few,none,0,/m);
  });

  it('a baseline has none', async () => {
    const { code, stderr } = await td('baseline', 'few', '--out', baseline);
    expect({ code, stderr: stderr.split('\n')[0] }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/test accuracy 0\.99999/),
    });
    const written = readFileSync(baseline, 'utf8');
    expect(written).not.toMatch(/^few,none,0,/m);
    expect(written).toMatch(/^few,none,1,/m);
  });

  it('a check judges by none, and does not pass', async () => {
    const { code, stdout, stderr } = await td('check', 'few', '--baseline', baseline);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(ODD) });
    expect(stdout).toMatch(
      /^failed: few: 0 of \d+ cells failed, 1 fault besides \(baseline 2 seeds, fresh 1 to 2 seeds\)/,
    );
    expect(stdout).toContain('\n- none: seed 0 is damaged, and left out\n');
    const { stdout: json } = await td('check', 'few', '--baseline', baseline, '--json');
    expect(JSON.parse(json)).toMatchObject({
      passed: false,
      faults: [{ kind: 'left out', variant: 'none' }],
    });
  });

  it('a comparison has none, and tells of the run once', async () => {
    const { code, stdout, stderr } = await td('diff', 'few', 'few');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(ODD) });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout).toMatch(/^0 % +96\.00 \[.*\n50 % +80\.00 \[/m);
  });

  it('a report has none in its tables', async () => {
    const out = join(results, 'r.html');
    expect(await td('report', 'few', '--out', out)).toMatchObject({ code: 1 });
    const page = readFileSync(out, 'utf8');
    // The page is long: a failure should not print it.
    const has = (text: string) => page.includes(text);
    expect([has('none seed 0 (damaged)'), has('80.00'), has('85.00 ± 7.07')]).toEqual([true, true, false]);
  });

  it('a measurement of the whole experiment has none, and says so', async () => {
    const { code, stderr } = await td('measure', 'few', '--prune', '0.5', '--rounds', '1');
    expect({ code, stderr: stderr.split('\n')[0] }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/0\.99999/),
    });
    expect(readFileSync(join(results, 'few/measure.csv'), 'utf8')).not.toContain(runs[0]?.id);
  });

  it('a command that was asked for it alone has nothing to do, and exits 1', async () => {
    for (const words of [
      ['export', 'few/none/0'],
      ['measure', 'few/none/0'],
      ['diff', 'few/none/0', 'few/none/1'],
    ]) {
      const { code, stdout, stderr } = await td(...words);
      expect({ words, code, stdout, stderr }).toEqual({
        words,
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(ODD),
      });
    }
  });
});

it('where every run is damaged, no table is shown and nothing is judged', async () => {
  for (const index of runs.keys()) damage(index);
  for (const words of [
    ['table', 'few'],
    ['check', 'few', '--baseline', baseline],
    ['baseline', 'few', '--out', join(results, 'x.csv')],
    ['diff', 'few', 'few'],
    ['measure', 'few'],
    ['export-metrics', 'few', '--mlflow', join(results, 'ml')],
  ]) {
    const { code, stdout, stderr } = await td(...words);
    expect({ words, code, stdout, stderr }).toEqual({
      words,
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^td: no run of .* can be used; the first: few\/none\/seed-0-.*0\.99999.*\n$/,
      ),
    });
  }
  expect(existsSync(join(results, 'x.csv'))).toBe(false);
});

describe('an experiment that was copied under another name', () => {
  beforeEach(() => cpSync(join(results, 'few'), join(results, 'tony'), { recursive: true }));

  it('is refused in one sentence that names its own', async () => {
    for (const words of [
      ['table', 'tony'],
      ['check', 'tony', '--baseline', baseline],
      ['baseline', 'tony', '--out', join(results, 'x.csv')],
      ['diff', 'few', 'tony'],
    ]) {
      const { code, stdout, stderr } = await td(...words);
      expect({ words, code, stdout, stderr }).toEqual({
        words,
        code: 1,
        stdout: '',
        stderr:
          'td: tony holds the sweep and the runs of experiment "few": it was copied or renamed; give the folder its own name back, in another folder of results if need be\n',
      });
    }
  });

  it('is read in another folder of results, and its table alone under any name', async () => {
    cpSync(join(results, 'few'), join(results, 'elsewhere/few'), { recursive: true });
    cpSync(join(results, 'few/sweep.csv'), join(results, 'alone/sweep.csv'));
    const { stdout } = await td('table', 'few');
    for (const place of ['elsewhere/few', 'alone']) {
      const ended = await td('table', join(results, place));
      expect({ place, ...ended }).toMatchObject({ code: 0, stderr: '' });
      expect(ended.stdout.split('\n')[0]).toBe(stdout.split('\n')[0]);
    }
  });
});

describe('a checkpoint of a run that is done', () => {
  it.each<[string, (path: string) => void, RegExp]>([
    [
      'whose arrays are cut off',
      () => truncateSync(fileOf(0, 'checkpoint.safetensors'), 100),
      /checkpoint\.safetensors is damaged: its SHA-256 is not the one in checkpoint\.json/,
    ],
    [
      'that holds nothing',
      () => writeFileSync(fileOf(0, 'checkpoint.json'), '{}'),
      /checkpoint\.json lacks "epoch", expected a number/,
    ],
    [
      'that is gone',
      () => rmSync(fileOf(0, 'checkpoint.json')),
      /seed-0-\w+ lacks the checkpoint that its summary names/,
    ],
  ])('%s ends an export with exit code 1, and a sentence that says what to do', async (_, harm, said) => {
    harm(fileOf(0, 'checkpoint.json'));
    for (const words of [
      ['export', 'few/none/0'],
      ['measure', 'few/none/0'],
    ]) {
      const { code, stdout, stderr } = await td(...words);
      expect({ words, code, stdout }).toEqual({ words, code: 1, stdout: '' });
      expect(stderr).toMatch(
        new RegExp(`^td: few/none/.*${said.source}; remove the folder to train this run again\n$`, 'm'),
      );
    }
  });

  it('does not keep a measurement from the other runs of the experiment', async () => {
    truncateSync(fileOf(0, 'checkpoint.safetensors'), 100);
    const { code, stdout, stderr } = await td('measure', 'few', '--prune', '0.5', '--rounds', '1');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^1 run failed:\n {2}few\/none\/seed-0-\w+: .*checkpoint\.safetensors is damaged: .*; remove the folder to train this run again\n/m,
    );
    expect(stdout).toMatch(/\nwritten: .*few\/measure\.csv\n$/);
    const written = readFileSync(join(results, 'few/measure.csv'), 'utf8');
    expect(runs.filter(({ id }) => !written.includes(id))).toEqual(runs.slice(0, 1));
  });
});
