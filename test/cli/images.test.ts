/** @file Data sets by the command line: folders of images and Fashion-MNIST's format, trained, pruned, and refused when they are wrong. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { smallFiles } from '../data/idx-files.ts';
import { COLOUR } from '../data/images/jpeg-samples.ts';
import { parseRecords } from './journey.ts';
import { makeFolder, PROGRESS, td } from './td.ts';

// Each test starts several processes.
vi.setConfig({ testTimeout: 300_000 });

const YAML = `
name: few
dataset: { name: images, path: pictures, size: [4, 4], channels: 1 }
model: { name: mlp, widths: [8] }
schedule: { learningRate: 0.1, batchSize: 8, epochs: 2 }
sweep: { prune: "0,0.5", granularity: weight }
`;

const place = makeFolder({ 'few.yaml': YAML });
const at = (...parts: readonly string[]) => join(place.folder, ...parts);
afterAll(() => place.remove());

function put(path: string, content: Uint8Array): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), content);
}

/** Dark pictures of 6 × 5 with one row lit, by which a network tells two classes apart. */
function putPictures(folder: string): void {
  for (const [split, count] of [
    ['train', 12],
    ['test', 4],
  ] as const)
    for (const [label, name] of ['above', 'below'].entries())
      for (let index = 0; index < count; index++) {
        const data = Uint8Array.from({ length: 30 }, (_, pixel) =>
          Math.floor(pixel / 6) === 1 + 2 * label ? 220 : (pixel * 7 + index * 5) % 40,
        );
        const png = encode({ width: 6, height: 5, channels: 1, data });
        put(`${folder}/${split}/${name}/${index}.png`, png);
      }
}

const readSummary = (experiment: string) => {
  const folder = at('results', experiment, 'none');
  const [run = ''] = readdirSync(folder);
  return JSON.parse(readFileSync(join(folder, run, 'summary.json'), 'utf8')) as {
    testAccuracy: number;
    data: Record<string, unknown>;
  };
};

describe('a folder of images', () => {
  it('is trained on and pruned, and its classes are named', async () => {
    putPictures('pictures');
    const run = await td(place.folder, 'run', 'few.yaml', '--threads', '1');
    expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('2 classes (above, below)') });
    const { testAccuracy, data } = readSummary('few');
    expect(testAccuracy).toBe(1);
    expect(data).toMatchObject({
      ...{ imageShape: [4, 4, 1], classes: 2, classNames: ['above', 'below'] },
      ...{ trainImages: 24, testImages: 8, fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const swept = await td(place.folder, 'sweep', 'few.yaml', '--threads', '1', '--no-figures');
    expect(swept.code).toBe(0);
    const rows = parseRecords(readFileSync(at('results/few/sweep.csv'), 'utf8'));
    expect(rows.map(({ prune_rate, test_images }) => [prune_rate, test_images])).toEqual([
      ['0', '8'],
      ['0.5', '8'],
    ]);
  });

  it('is the same run until a pixel changes, wherever it lies', async () => {
    putPictures('elsewhere');
    const again = ['run', 'few.yaml', '--threads', '1', '--set', 'dataset.path=elsewhere'];
    expect((await td(place.folder, ...again)).stderr).toContain('already trained');
    // A JPEG in the place of a PNG, under the name that it had.
    put('elsewhere/train/above/0.png', COLOUR.bytes);
    expect((await td(place.folder, ...again)).stderr).toContain('trained in');
    expect(readdirSync(at('results/few/none'))).toHaveLength(2);
  });

  it('with more classes than a byte has values is learned, the last of them too', async () => {
    // Class n lights pixel n: a network that takes class 256 for class 0 gets 44 of 300 wrong.
    for (let label = 0; label < 300; label++) {
      const data = new Uint8Array(18 * 18);
      data[label] = 255;
      const png = encode({ width: 18, height: 18, channels: 1, data });
      for (const split of ['train', 'test']) put(`many/${split}/${1000 + label}/x.png`, png);
    }
    const yaml = `
name: many
dataset: { name: images, path: many, size: [18, 18], channels: 1 }
model: { name: mlp, widths: [128] }
schedule: { optimizer: { name: adam }, learningRate: 0.01, batchSize: 50, epochs: 30 }
sweep: { prune: "0", granularity: weight }
`;
    place.write('many.yaml', yaml);
    expect(await td(place.folder, 'run', 'many.yaml', '--threads', '1')).toMatchObject({ code: 0 });
    expect(readSummary('many').testAccuracy).toBeGreaterThan(0.95);
    const swept = await td(place.folder, 'sweep', 'many.yaml', '--threads', '1', '--no-figures');
    expect(swept.code).toBe(0);
    const [row] = parseRecords(readFileSync(at('results/many/sweep.csv'), 'utf8'));
    expect(Number(row?.accuracy)).toBeCloseTo(readSummary('many').testAccuracy, 6);
  });

  it.each<[string, string, RegExp]>([
    [
      'without a path',
      'name: images, size: [4, 4]',
      /key "path" is missing for dataset "images", expected the path of a folder of images/,
    ],
    [
      'without a size',
      'name: images, path: pictures',
      /key "size" is missing for dataset "images", expected a list of 2/,
    ],
    [
      'with two channels',
      'name: images, path: pictures, size: [4, 4], channels: 2',
      /dataset.channels is 2, expected 1 \(grey\) or 3 \(red, green, blue\)/,
    ],
    [
      'with a key of its own elsewhere',
      'name: mnist, size: [4, 4]',
      /unknown key "size" for dataset "mnist"/,
    ],
    [
      'of no folder',
      'name: images, path: none, size: [4, 4]',
      /dataset.path: ".*none" is not a folder, expected one with images/,
    ],
    [
      'under a mistyped name',
      'name: imagse, path: pictures',
      /dataset.name is "imagse" \(did you mean "images"\?\)/,
    ],
  ])('%s is refused in one sentence', async (_, dataset, message) => {
    place.write('bad.yaml', `name: bad\ndataset: { ${dataset} }\n`);
    const { code, stderr } = await td(place.folder, 'run', 'bad.yaml');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
    expect(readdirSync(at('results')).sort()).not.toContain('bad');
  });

  it('with a broken file is refused by what draws and told by what shows, after it was decoded once', async () => {
    putPictures('broken');
    place.write('broken.yaml', YAML.replace('name: few', 'name: broken').replace('pictures', 'broken'));
    expect(await td(place.folder, 'run', 'broken.yaml', '--threads', '1')).toMatchObject({ code: 0 });
    put('broken/train/above/torn.png', readFileSync(at('broken/train/above/0.png')).subarray(0, 40));
    const said =
      /the images in \S+\/broken cannot be compared with those that broken\/none\/seed-0-\w+ was trained on: \S+torn\.png .*; bring those back\n$/;
    for (const [words, code] of [
      [['figures', 'broken'], 2],
      [['report', 'broken'], 2],
      [['show', 'broken/none/0'], 1],
    ] as const) {
      const { stdout, ...ended } = await td(place.folder, ...words);
      expect({ words, code: ended.code, stderr: ended.stderr }).toEqual({
        words,
        code,
        stderr: expect.stringMatching(said),
      });
      expect(ended.stderr.match(/decoding 33 images/g)).toHaveLength(1);
      expect(stdout.includes('figures of') || stdout.includes('written')).toBe(false);
    }
    expect(readdirSync(at('results/broken')).sort()).toEqual(['none']);
    const run = await td(place.folder, 'run', 'broken.yaml', '--threads', '1');
    expect(run).toMatchObject({ code: 2, stderr: expect.stringMatching(/torn\.png /) });
    const swept = await td(place.folder, 'sweep', 'broken.yaml', '--threads', '1');
    expect(swept).toMatchObject({ code: 1, stderr: expect.stringMatching(/failed: \S+torn\.png /) });
    expect(swept.stderr.match(/decoding 33 images/g)).toHaveLength(1);
  });

  it('whose folder is empty by now, as that of a disk that is not there, is drawn all the same', async () => {
    rmSync(at('broken'), { recursive: true });
    mkdirSync(at('broken'));
    expect(await td(place.folder, 'figures', 'broken')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(PROGRESS),
    });
  });

  it('has nothing to fetch and nothing to verify', async () => {
    expect(await td(place.folder, 'data', 'fetch', 'images')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('name their folder by dataset.path'),
    });
    expect(await td(place.folder, 'data', 'verify', 'images')).toMatchObject({ code: 2 });
    const { stdout } = await td(place.folder, 'data', 'list');
    expect(stdout).toMatch(/^images +as in the folder +as set +any +dataset.path +your own$/m);
  });
});

describe('Fashion-MNIST', () => {
  it('is trained on from a folder in its format', async () => {
    for (const [name, content] of Object.entries(smallFiles())) put(`idx/${name}`, content);
    const dataset = '{ name: fashion-mnist, path: idx }';
    place.write(
      'fashion.yaml',
      `name: fashion\ndataset: ${dataset}\nmodel: { name: mlp, widths: [4] }\nschedule: { batchSize: 3, epochs: 1 }\n`,
    );
    expect(await td(place.folder, 'run', 'fashion.yaml', '--threads', '1')).toMatchObject({ code: 0 });
    expect(readSummary('fashion').data).toMatchObject({ imageShape: [2, 3, 1], classes: 10 });
  });

  it('is not fetched from a folder with other images', async () => {
    const { code, stderr } = await td(place.folder, 'data', 'fetch', 'fashion-mnist', '--source', 'idx');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /^td: train-images-idx3-ubyte of idx is not that of fashion-mnist: it holds 34 bytes, expected 47040016/,
      ),
    });
  });
});
