/** @file A run's folder held against its name, and its files against one another. */
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { findRuns } from '../../src/runs/find.ts';
import { inspectRun } from '../../src/runs/inspect.ts';
import { findRunSettings } from '../../src/runs/run-settings.ts';
import { beginSoundRun, finishSoundRun, soundSummaryOf, specOf } from './runs.ts';
import { temporaryFolder } from './temporary.ts';

const RUN = specOf({ experiment: 'few', variant: 'none', seed: 0 });
const OTHER = specOf({ experiment: 'few', variant: 'l1', seed: 0 });

/** A run that is done, and another one that nothing happens to. */
function makeResults(): { results: string; directory: string } {
  const results = temporaryFolder();
  finishSoundRun(results, OTHER);
  return { results, directory: finishSoundRun(results, RUN) };
}

/** What is said of the run, if anything; the other one is as ever. */
function reasonsOf(results: string): string[] {
  const { runs, leftOut, passedOver } = findRuns(results);
  expect(runs.map(({ id }) => id)).toContain(OTHER.id);
  expect(passedOver).toEqual([]);
  return leftOut.map(({ reason }) => reason.replaceAll(`${results}/`, ''));
}

/** Changes text in a file of a run. */
function edit(directory: string, name: string, from: string | RegExp, to: string): void {
  const path = join(directory, name);
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(path, changed);
}

describe('a run whose files fit one another', () => {
  it('is sound, done or not', () => {
    const { results } = makeResults();
    beginSoundRun(results, specOf({ experiment: 'few', variant: 'none', seed: 1 }));
    expect(reasonsOf(results)).toEqual([]);
  });

  it('is sound between the metrics of an epoch and its checkpoint', () => {
    const { results, directory } = makeResults();
    rmSync(join(directory, 'summary.json'));
    edit(directory, 'checkpoint.json', '"epoch": 2', '"epoch": 1');
    expect(reasonsOf(results)).toEqual([]);
  });

  it('is sound if an earlier version made it, without a word of whose the checkpoint is', () => {
    const { results, directory } = makeResults();
    edit(directory, 'checkpoint.json', /"run": \{[^}]*\},/, '');
    expect(reasonsOf(results)).toEqual([]);
  });

  it('is sound without its checkpoint, which may be removed to save room', () => {
    const { results, directory } = makeResults();
    for (const name of ['checkpoint.json', 'checkpoint.safetensors']) rmSync(join(directory, name));
    expect(reasonsOf(results)).toEqual([]);
  });
});

describe('a folder under another name', () => {
  const NAMES = {
    seed: RUN.id.replace('seed-0', 'seed-1'),
    variant: RUN.id.replace('none/', 'dropout/'),
    hash: RUN.id.replace(/[0-9a-f]{8}$/, '12345678'),
  };
  const REMEDY =
    'it was copied or renamed; give the folder its own place back, or remove the folder to train this run again';

  /** Takes away what says whose a run is. */
  const WITNESSES = {
    'checkpoint.json': () => {},
    'summary.json': (directory: string) => edit(directory, 'checkpoint.json', /"run": \{[^}]*\},/, ''),
    'config.yaml': (directory: string) => {
      edit(directory, 'checkpoint.json', /"run": \{[^}]*\},/, '');
      rmSync(join(directory, 'summary.json'));
    },
  };

  describe.each(Object.entries(WITNESSES))('is noticed by its %s', (witness, take) => {
    it.each(Object.entries(NAMES))('(another %s)', (name, id) => {
      const { results, directory } = makeResults();
      take(directory);
      const copy = join(results, 'few', id);
      cpSync(directory, copy, { recursive: true });
      const expected =
        witness === 'config.yaml' && name === 'hash'
          ? expect.stringMatching(/config.yaml does not hold the settings that the run was trained with/)
          : `few/${id} holds the run few/${RUN.id}, as its ${witness} says: ${REMEDY}`;
      expect(reasonsOf(results)).toEqual([expected]);
    });
  });

  it('is noticed where a whole experiment was copied', () => {
    const { results } = makeResults();
    cpSync(join(results, 'few'), join(results, 'copy'), { recursive: true });
    expect(reasonsOf(results)).toEqual(
      [OTHER, RUN].map(
        ({ id }) => `copy/${id} holds the run few/${id}, as its checkpoint.json says: ${REMEDY}`,
      ),
    );
  });

  it('is noticed where it was moved', () => {
    const { results, directory } = makeResults();
    renameSync(directory, join(dirname(directory), 'seed-5-'.concat(RUN.hash.slice(0, 8))));
    expect(reasonsOf(results)).toHaveLength(1);
  });
});

/** What was done to a finished run, and what is said of it. */
const DAMAGES: Readonly<Record<string, [(directory: string) => void, RegExp]>> = {
  'settings that were edited': [
    (directory) => edit(directory, 'config.yaml', 'learningRate: 0.1', 'learningRate: 0.7'),
    /config\.yaml does not hold the settings that the run was trained with \(hash [0-9a-f]{8}, expected [0-9a-f]{8}\); "td run" makes/,
  ],
  'settings of another seed': [
    (directory) => edit(directory, 'config.yaml', '- 0', '- 1'),
    /config\.yaml does not hold the settings/,
  ],
  'settings of two seeds': [
    (directory) => edit(directory, 'config.yaml', '- 0', '- 0\n  - 1'),
    /config\.yaml holds the settings of several runs, expected those of one/,
  ],
  'settings that are no YAML': [
    (directory) => writeFileSync(join(directory, 'config.yaml'), 'a: [1'),
    /config\.yaml:\d+:\d+: .*; "td run" makes the file anew/,
  ],
  'no settings': [
    (directory) => rmSync(join(directory, 'config.yaml')),
    /config\.yaml is missing; "td run" makes the file anew/,
  ],
  'half an environment': [
    (directory) => writeFileSync(join(directory, 'environment.json'), '{"engine":'),
    /environment\.json is not valid JSON.*; "td run" makes the file anew/,
  ],
  'an environment that says nothing': [
    (directory) => writeFileSync(join(directory, 'environment.json'), '{}'),
    /environment\.json lacks "engine", expected text; "td run" makes the file anew/,
  ],
  'no environment': [
    (directory) => rmSync(join(directory, 'environment.json')),
    /environment\.json is missing; "td run" makes the file anew/,
  ],
  'epochs that changed places': [
    (directory) => edit(directory, 'metrics.csv', /(1,.*\n)(2,.*\n)/, '$2$1'),
    /metrics\.csv has epoch 2 in the place of epoch 1; "td run" makes/,
  ],
  'an epoch twice': [
    (directory) => edit(directory, 'metrics.csv', /(1,.*\n)/, '$1$1'),
    /metrics\.csv has epoch 1 in the place of epoch 2/,
  ],
  'a missing epoch at the end': [
    (directory) => edit(directory, 'metrics.csv', /2,.*\n/, ''),
    /metrics\.csv lacks rows of the 2 epochs that are behind the run/,
  ],
  'an epoch too many': [
    (directory) => edit(directory, 'metrics.csv', /$/, '3,1404,0.1,0.1,0.5,0.1,0.9\n'),
    /metrics\.csv has 3 epochs, expected 2/,
  ],
  'no metrics': [
    (directory) => rmSync(join(directory, 'metrics.csv')),
    /metrics\.csv lacks rows of the 2 epochs/,
  ],
  'steps that do not follow one another': [
    (directory) => edit(directory, 'metrics.csv', '2,936', '2,937'),
    /metrics\.csv has step 937 at the end of epoch 2, expected 936/,
  ],
  'a test accuracy that no count of images gives': [
    (directory) => edit(directory, 'metrics.csv', '0.91\n', '0.91005\n'),
    /metrics\.csv has test accuracy 0\.91005 in epoch 1, which no number of the 10000 test images gives/,
  ],
  'a training accuracy that no count of images gives': [
    (directory) => edit(directory, 'metrics.csv', ',0.5,', ',0.500001,'),
    /metrics\.csv has training accuracy 0\.500001 in epoch 1, which no number of the 59904 training images gives/,
  ],
  'a row that is none': [
    (directory) => edit(directory, 'metrics.csv', '2,936', '2,x'),
    /metrics\.csv:3: column step: expected a whole number of at least 0, found "x"; "td run" makes/,
  ],
  'half a summary': [
    (directory) => writeFileSync(join(directory, 'summary.json'), '{"experiment": "f'),
    /summary\.json is not valid JSON.*; "td run" makes the file anew/,
  ],
  'a summary of another run': [
    (directory) => edit(directory, 'summary.json', '"seed": 0', '"seed": 1'),
    /summary\.json tells of the run few\/none\/seed-0-[0-9a-f]{8}; "td run" makes the file anew/,
  ],
  'a summary with another accuracy than its last epoch': [
    (directory) => edit(directory, 'summary.json', '"testAccuracy": 0.92', '"testAccuracy": 0.95'),
    /summary\.json has test accuracy 0\.95, the last row of metrics\.csv has 0\.92: one of them was changed; bring the right one back, or remove the folder to train this run again$/,
  ],
  'a summary with another number of epochs': [
    (directory) => edit(directory, 'summary.json', '"epochs": 2', '"epochs": 3'),
    /summary\.json has epochs 3, the last row of metrics\.csv has 2: one of them was changed/,
  ],
};

describe('a finished run', () => {
  it.each(Object.entries(DAMAGES))(
    'with %s is damaged, in a sentence that says what to do',
    (_, [damage, said]) => {
      const { results, directory } = makeResults();
      damage(directory);
      expect(reasonsOf(results)).toEqual([expect.stringMatching(said)]);
    },
  );
});

describe('an unfinished run', () => {
  it('is damaged if rows of the epochs behind its checkpoint are missing', () => {
    const { results } = makeResults();
    const { directory } = beginSoundRun(results, specOf({ experiment: 'few', variant: 'none', seed: 1 }));
    rmSync(join(directory, 'metrics.csv'));
    expect(reasonsOf(results)).toEqual([
      expect.stringMatching(/lacks rows of the 1 epochs that are behind the run/),
    ]);
  });
});

describe('images', () => {
  const [ONE, TWO] = ['1'.repeat(64), '2'.repeat(64)];
  const withData = (fingerprint: string) => ({
    data: { fingerprint, imageShape: [28, 28, 1], classes: 10, trainImages: 60_000, testImages: 10_000 },
  });

  it.each([
    ['checkpoint.json', /"seed": 0,/, `"seed": 0, "dataFingerprint": "${TWO}",`],
    ['environment.json', '{', `{ "dataFingerprint": "${TWO}",`],
  ])('that %s names, and that are not those of the summary, are told', (name, from, to) => {
    const { results, directory } = makeResults();
    const sha256 = JSON.parse(readFileSync(join(directory, 'summary.json'), 'utf8'))
      .checkpointSha256 as string;
    const summary = { ...soundSummaryOf(directory, RUN, sha256), ...withData(ONE) };
    writeFileSync(join(directory, 'summary.json'), JSON.stringify(summary));
    expect(reasonsOf(results)).toEqual([]);
    edit(directory, name, from, to);
    expect(reasonsOf(results)).toEqual([
      expect.stringContaining(
        `${name} names other images (fingerprint 222222222222) than the run's settings or summary (111111111111)`,
      ),
    ]);
  });
});

describe('a folder that was inspected before', () => {
  it('is not inspected again while its files stay as they are, and is once one has changed', () => {
    const { results, directory } = makeResults();
    // Files that have changed of late may change again without a trace.
    const fresh = inspectRun(directory, RUN);
    expect(inspectRun(directory, RUN)).not.toBe(fresh);
    const later = Date.now() + 60_000;
    const clock = vi.spyOn(Date, 'now').mockReturnValue(later);
    onTestFinished(() => clock.mockRestore());
    const settled = inspectRun(directory, RUN);
    expect(inspectRun(directory, RUN)).toBe(settled);
    expect(inspectRun(directory, { ...RUN, seed: 1 })).not.toBe(settled);
    edit(directory, 'summary.json', /"testAccuracy": 0.92/, '"testAccuracy": 0.93');
    expect(reasonsOf(results)).toEqual([expect.stringContaining('has test accuracy 0.93')]);
  });
});

describe('settings of runs that differ in their seeds', () => {
  it('are those of the own config.yaml, whatever was read before', () => {
    const results = temporaryFolder();
    const specs = [0, 7, 12].map((seed) => specOf({ experiment: 'few', variant: 'none', seed }));
    const directories = specs.map((spec) => finishSoundRun(results, spec));
    expect(directories.map((directory) => findRunSettings(directory))).toEqual(specs);
    edit(directories[1] ?? '', 'config.yaml', 'learningRate: 0.1', 'learningRate: 0.2');
    const [, changed, same] = directories.map((directory) => findRunSettings(directory));
    expect(changed).toMatchObject({ seed: 7, settings: { schedule: { learningRate: 0.2 } } });
    expect(changed?.hash).not.toBe(specs[1]?.hash);
    expect(same).toEqual(specs[2]);
  });
});
