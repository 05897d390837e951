/** @file Experiments on images of the user's own: which runs they are, wherever the images lie, and whatever lies there later. */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandRuns } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { renderSettings } from '../../src/config/render.ts';
import { encodeIdx } from '../data/idx-files.ts';
import { parseRecords } from './journey.ts';
import { listFiles, makeFolder, PROGRESS, td } from './td.ts';

const YAML = `
name: own
dataset: { name: mnist, path: data }
model: { name: mlp, widths: [8] }
schedule: { learningRate: 0.1, batchSize: 8, epochs: 2 }
sweep: { prune: "0,0.5", granularity: weight }
variants: { none: {}, l1: { regularizer: { name: l1 } } }
`;

const place = makeFolder({ 'own.yaml': YAML });
const folder = realpathSync(place.folder);
const at = (...parts: readonly string[]) => join(folder, ...parts);
afterAll(() => place.remove());

/** 64 and 32 images of 4 × 4 in four classes. */
function writeImages(path: string, brighter = 0): void {
  mkdirSync(path, { recursive: true });
  for (const [split, count] of [
    ['train', 64],
    ['t10k', 32],
  ] as const) {
    const labels = Array.from({ length: count }, (_, index) => index % 4);
    const pixels = labels.flatMap((label, index) =>
      Array.from({ length: 16 }, (_, pixel) =>
        Math.floor(pixel / 4) === label ? 200 + brighter : (index * 7 + pixel * 13) % 40,
      ),
    );
    writeFileSync(join(path, `${split}-images-idx3-ubyte`), encodeIdx([count, 4, 4], pixels));
    writeFileSync(join(path, `${split}-labels-idx1-ubyte`), encodeIdx([count], labels));
  }
}

const run = (...words: readonly string[]) => td(folder, 'run', 'own.yaml', '--threads', '1', ...words);
const sweep = (...words: readonly string[]) =>
  td(folder, 'sweep', 'own.yaml', '--threads', '1', '--no-figures', ...words);
const foldersOf = (results: string, variant = 'none') => readdirSync(at(results, 'own', variant)).sort();
const readJson = (...parts: readonly string[]): unknown => JSON.parse(readFileSync(at(...parts), 'utf8'));

/** Both fingerprints and the path, in one sentence. */
const OTHERS =
  /the images in (\S+) are others \(fingerprint [0-9a-f]{12}\) than those that own\/\S+ was trained on \([0-9a-f]{12}\); bring those back, or move \S+ out of the results and train on these with "td run"\n/;

beforeAll(async () => {
  writeImages(at('data'));
  expect(await run('--only', 'none')).toMatchObject({ code: 0 });
});

describe('the same images', () => {
  it('are one run under every spelling of their path, from every working folder', async () => {
    symlinkSync('data', at('link'));
    mkdirSync(at('deep'));
    for (const path of ['./data', at('data'), 'link']) {
      const { code, stderr } = await run('--only', 'none', '--set', `dataset.path=${path}`);
      expect({ path, code, stderr }).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('already trained'),
      });
    }
    const words = ['run', '../own.yaml', '--only', 'none', '--results', '../results'];
    expect((await td(at('deep'), ...words)).stderr).toContain('already trained');
    expect(foldersOf('results')).toHaveLength(1);
  });

  it('are named by their fingerprint in settings, environment, checkpoint and summary', () => {
    const path = ['results', 'own', 'none', foldersOf('results')[0] ?? ''];
    const config = readFileSync(at(...path, 'config.yaml'), 'utf8');
    const [, fingerprint = ''] = /fingerprint: ([0-9a-f]{64})\n/.exec(config) ?? [];
    expect(config).toContain(`path: ${at('data')}\n`);
    expect(readJson(...path, 'environment.json')).toMatchObject({ dataFingerprint: fingerprint });
    expect(readJson(...path, 'checkpoint.json')).toMatchObject({ run: { dataFingerprint: fingerprint } });
    const data = { fingerprint, imageShape: [4, 4, 1], classes: 10, trainImages: 64, testImages: 32 };
    expect(readJson(...path, 'summary.json')).toMatchObject({ data });
  });

  it('are found where they lie now, by run and by sweep', async () => {
    renameSync(at('data'), at('moved'));
    const moved = YAML.replace('path: data', 'path: moved');
    place.write('own.yaml', moved);
    expect((await run('--only', 'none')).stderr).toContain('already trained');
    const swept = await sweep();
    expect(swept).toMatchObject({ code: 0, stderr: expect.stringContaining('2 evaluations') });
    place.write('own.yaml', YAML);
    renameSync(at('moved'), at('data'));
  });

  it('need not be there for commands that only show', async () => {
    renameSync(at('data'), at('away'));
    for (const words of [
      ['list'],
      ['show', 'own/none/0'],
      ['table', 'own'],
      ['table', 'own.yaml'],
      ['report', 'own'],
    ])
      expect({ words, ...(await td(folder, ...words)) }).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(PROGRESS),
      });
    expect(await run('--dry-run')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^td: dataset\.path: ".*\/data" is not a folder/),
    });
    renameSync(at('away'), at('data'));
  });

  it('show their weights in figures, whatever their shape', async () => {
    const { code, stdout } = await td(folder, 'figures', 'own');
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('weights-weight') });
  });
});

describe('other images under the same path', () => {
  beforeAll(() => {
    cpSync(at('results'), at('other'), { recursive: true });
    writeImages(at('data'), 20);
  });
  afterAll(() => writeImages(at('data')));

  it('are refused by sweep, in a sentence that names both, before anything is computed or drawn', async () => {
    const { code, stderr, stdout } = await sweep('--results', 'other');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(OTHERS) });
    const rows = parseRecords(readFileSync(at('other/own/sweep.csv'), 'utf8'));
    expect(rows.map(({ prune_rate }) => prune_rate)).toEqual(['0', '0.5']);
    expect(stdout).not.toContain('figures of');
  });

  it.each([
    'figures own',
    'figures own.yaml',
    'figures',
    'report own',
    'report own --out page.html',
    'report --serve',
  ])('are refused by td %s, with nothing written', async (line) => {
    const before = listFiles(folder);
    const { code, stdout, stderr } = await td(folder, ...line.split(' '), '--results', 'other');
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(OTHERS) });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(listFiles(folder)).toEqual(before);
  });

  it('leave a sweep without figures that a run under way would be in', async () => {
    const [id = ''] = foldersOf('other');
    const filter = (path: string) => !path.includes('figure-');
    cpSync(at('other'), at('other-unfinished'), { recursive: true, filter });
    rmSync(at('other-unfinished/own/none', id, 'summary.json'));
    writeImages(at('kept'));
    const elsewhere = ['--set', 'dataset.path=kept', '--results', 'other-unfinished'];
    expect(await run('--only', 'l1', ...elsewhere)).toMatchObject({ code: 0 });
    const { code, stdout, stderr } = await td(folder, 'sweep', '--results', 'other-unfinished');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^td: the figures of own are not drawn: the images in .* are others/m),
    });
    expect(stdout).toContain('written: ');
    expect(listFiles(at('other-unfinished')).filter((name) => name.includes('figure-'))).toEqual([]);
  });

  it('are no hindrance to figures once the file names the place of those before', async () => {
    writeImages(at('kept'));
    place.write('own.yaml', YAML.replace('path: data', 'path: kept'));
    cpSync(at('other'), at('other-kept'), { recursive: true });
    const { code, stdout, stderr } = await td(folder, 'figures', 'own.yaml', '--results', 'other-kept');
    place.write('own.yaml', YAML);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(PROGRESS) });
    expect(stdout).toContain('figures of own: ');
  });

  it('are told by show, which shows the run all the same: its settings say which to bring back', async () => {
    const { code, stdout, stderr } = await td(folder, 'show', 'own/none/0', '--results', 'other');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(OTHERS) });
    const [, named = ''] = /trained on \(([0-9a-f]{12})\)/.exec(stderr) ?? [];
    expect(stdout).toMatch(new RegExp(`^dataset\\.fingerprint +${named}`, 'm'));
  });

  it('leave commands that show records alone as they are', async () => {
    for (const words of [['list'], ['table', 'own']])
      expect(await td(folder, ...words, '--results', 'other')).toMatchObject({ code: 0, stderr: '' });
  });

  it('are a run of its own, and never mixed with the other in a column', async () => {
    const [before = ''] = foldersOf('other');
    const trained = await run('--only', 'none', '--results', 'other');
    expect(trained.code).toBe(0);
    expect(trained.stderr).toMatch(
      new RegExp(
        `^the images in ${at('data')} \\(fingerprint \\w{12}\\) are others than those that own/none/${before} was trained on \\(\\w{12}\\): these are runs of their own\n`,
      ),
    );
    expect(trained.stderr).toContain('trained in');
    expect(foldersOf('other')).toHaveLength(2);
    const swept = await sweep('--results', 'other', '--prune', '0,0.25');
    expect(swept.code).toBe(1);
    expect(swept.stderr).toMatch(OTHERS);
    const rows = parseRecords(readFileSync(at('other/own/sweep.csv'), 'utf8'));
    const measured = rows.map(({ run_id, prune_rate }) => `${run_id?.includes(before)} ${prune_rate}`);
    expect(measured.sort()).toEqual(['false 0', 'false 0.25', 'true 0', 'true 0.5']);
  });

  it('are not trained on where the settings name the ones before', async () => {
    const [before = ''] = foldersOf('results');
    const { code, stderr } = await td(
      folder,
      'run',
      `results/own/none/${before}/config.yaml`,
      '--results',
      'again',
    );
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /than those that dataset\.fingerprint names \(\w{12}\); bring those back/,
      ),
    });
  });
});

describe('a run of an earlier version, whose hash has the path', () => {
  /** As that version left it: paths as they were written, no word of fingerprints. */
  function writeOldRun(results: string): string {
    const [id = ''] = foldersOf('results');
    const path = at(results, 'own/none');
    mkdirSync(path, { recursive: true });
    const old = YAML.replace(
      'variants: { none: {}, l1: { regularizer: { name: l1 } } }',
      'variants: { none: {} }',
    );
    place.write('old.yaml', old);
    const [spec] = expandRuns(loadExperiment(at('old.yaml'), { dataPaths: 'as written' }));
    if (spec === undefined) throw new Error('no run');
    const directory = join(path, `seed-0-${spec.hash.slice(0, 8)}`);
    cpSync(at('results/own/none', id), directory, { recursive: true });
    writeFileSync(join(directory, 'config.yaml'), renderSettings(spec));
    const summary = readJson('results/own/none', id, 'summary.json') as Record<string, unknown>;
    const { data: _, ...rest } = summary;
    writeFileSync(join(directory, 'summary.json'), JSON.stringify({ ...rest, id: spec.id, hash: spec.hash }));
    const { run: __, ...record } = readJson('results/own/none', id, 'checkpoint.json') as Record<
      string,
      unknown
    >;
    writeFileSync(join(directory, 'checkpoint.json'), JSON.stringify(record));
    const { dataFingerprint: ___, ...environment } = readJson(
      'results/own/none',
      id,
      'environment.json',
    ) as Record<string, unknown>;
    writeFileSync(join(directory, 'environment.json'), JSON.stringify(environment));
    return directory;
  }

  it('is found, taken as it is, and has its fingerprint noted', async () => {
    const directory = writeOldRun('old');
    expect(await td(folder, 'list', '--results', 'old')).toMatchObject({ code: 0, stderr: '' });
    const found = await run('--only', 'none', '--results', 'old');
    expect(found).toMatchObject({ code: 0, stderr: expect.stringContaining('already trained') });
    expect(foldersOf('old')).toHaveLength(1);
    const noted = JSON.parse(readFileSync(join(directory, 'environment.json'), 'utf8')) as unknown;
    const [id = ''] = foldersOf('results');
    const { dataFingerprint } = readJson('results/own/none', id, 'environment.json') as {
      dataFingerprint: string;
    };
    expect(noted).toMatchObject({ dataFingerprint });
    expect(await sweep('--results', 'old')).toMatchObject({ code: 0 });
  });

  it('is found by a full path and from another folder, too', async () => {
    writeOldRun('old-elsewhere');
    const words = [
      'run',
      at('own.yaml'),
      '--only',
      'none',
      '--results',
      at('old-elsewhere'),
      '--set',
      `dataset.path=${at('data')}`,
    ];
    expect((await td(folder, ...words)).stderr).toContain('already trained');
    expect(foldersOf('old-elsewhere')).toHaveLength(1);
  });

  it('goes on if it was cut off', async () => {
    const directory = writeOldRun('old-unfinished');
    rmSync(join(directory, 'summary.json'));
    const { code, stderr } = await run('--only', 'none', '--results', 'old-unfinished');
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('trained in') });
    expect(foldersOf('old-unfinished')).toHaveLength(1);
    expect(stderr).not.toContain('epoch 1/2');
  });

  it('is another run, as a line says, once other images lie there', async () => {
    const directory = writeOldRun('old-changed');
    await run('--only', 'none', '--results', 'old-changed');
    writeImages(at('data'), 20);
    const trained = await run('--only', 'none', '--results', 'old-changed');
    expect(trained.stderr).toContain('these are runs of their own');
    expect(foldersOf('old-changed')).toHaveLength(2);
    expect((await sweep('--results', 'old-changed')).stderr).toMatch(OTHERS);
    expect(readFileSync(join(directory, 'config.yaml'), 'utf8')).toContain('path: data\n');
    writeImages(at('data'));
  });
});
