/** @file td export, measure and diff as users type them, on one trained run. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExportedSession } from '../../src/export/session.ts';
import { decodeSafetensors } from '../../src/files/safetensors.ts';
import { runLine } from '../fuzz/line.ts';
import { Journey } from './journey.ts';
import { listFiles, TINY } from './td.ts';

let journey: Journey;

beforeAll(async () => {
  journey = new Journey({ 'tiny.yaml': TINY.replace('seeds: [0, 1]', 'seeds: [0]') });
  await type('run tiny.yaml');
  await type('sweep tiny.yaml --no-figures');
  await type('sweep tiny.yaml --criterion taylor --granularity unit');
});

afterAll(() => journey.end());

/** Within this process, which takes a fraction of the time. */
async function runInFolder(typed: string) {
  const before = process.cwd();
  process.chdir(journey.folder);
  try {
    return await runLine(typed.split(' '));
  } finally {
    process.chdir(before);
  }
}

/** What succeeds. */
async function type(typed: string) {
  const ended = await runInFolder(typed);
  expect(ended.stderr).not.toContain('td: ');
  expect(ended.code).toBe(0);
  return ended;
}

const bytesOf = (path: string): Uint8Array => readFileSync(join(journey.folder, path));

describe('td export', () => {
  it('writes an ONNX file without the pruned units, as accurate as the sweep says', async () => {
    const { stdout } = await type('export tiny/plain/0 --prune 0.5 --granularity unit --out half.onnx');
    const [row] = journey
      .readRecords('results/tiny/sweep.csv')
      .filter((one) => one.variant === 'plain' && one.granularity === 'unit' && one.prune_rate === '0.5');
    const percent = `${(100 * Number(row?.accuracy)).toFixed(2)} %`;
    expect(stdout).toContain(`test accuracy of the exported network ${percent}, in td ${percent}`);
    // 784·8 + 8 + 8·4 + 4 + 4·10 + 10 of 784·16 + 16 + 16·8 + 8 + 8·10 + 10.
    expect(stdout).toContain('parameters 6,366 of 12,786, 6,366 of them not zero');
    const session = await ExportedSession.open(bytesOf('half.onnx'), 1);
    for (const batch of [1, 3])
      expect(await session.run(new Float32Array(batch * 784), [batch, 1, 28, 28])).toHaveLength(10 * batch);
    await session.release();
  });

  it('says in the file what it is', async () => {
    await type('export tiny/targeted/0 --prune 0.5 --granularity weight --format safetensors --sparse --out w.safetensors --with-preprocessing'); // biome-ignore format: one line
    const text = Buffer.from(bytesOf('w.safetensors')).toString('latin1');
    expect(text).toMatch(/"run":"tiny\/targeted\/seed-0-[0-9a-f]{8}"/);
    expect(text).toMatch(
      /"prune_rate":"0.5","criterion":"magnitude","test_accuracy":"0\.\d+","test_images":"200"/,
    );
    expect(text).toContain('"preprocessing":"built in: the input takes pixels from 0 to 255"');
    expect(text).toContain('"dense1/kernel.values"');
  });

  it('exports what another criterion pruned', async () => {
    const { stdout } = await type('export tiny/plain/0 --prune 0.5 --granularity unit --criterion taylor --format safetensors --out t.safetensors'); // biome-ignore format: one line
    const [row] = journey
      .readRecords('results/tiny/sweep-taylor.csv')
      .filter((one) => one.variant === 'plain' && one.prune_rate === '0.5');
    expect(stdout).toContain(`in td ${(100 * Number(row?.accuracy)).toFixed(2)} %`);
    const { specs } = decodeSafetensors(bytesOf('t.safetensors'), 't.safetensors');
    const [first = 0, second = 0] = ['dense1', 'dense2'].map((name) => specs[`${name}/bias`]?.shape[0] ?? 0);
    // Half of the 24 units of both layers together.
    expect(first + second).toBe(12);
  });

  it('looks at as many images as the sweep did whose row it is of, and no row is taken for one of other images', async () => {
    const typed = '--criterion taylor --criterion-images 100';
    const { stderr } = await type(`sweep tiny.yaml ${typed} --granularity unit`);
    expect(stderr).toMatch(/plain seed 0: 2 evaluations/);
    const [row] = journey
      .readRecords('results/tiny/sweep-taylor-images-100.csv')
      .filter((one) => one.variant === 'plain' && one.prune_rate === '0.5');
    const { stdout } = await type(
      `export tiny/plain/0 --prune 0.5 --granularity unit ${typed} --out few.onnx`,
    );
    const percent = `${(100 * Number(row?.accuracy)).toFixed(2)} %`;
    expect(stdout).toContain(`test accuracy of the exported network ${percent}, in td ${percent}`);
  });

  it('writes into the folder of the experiment if no place is named, and a new export over an old one', async () => {
    for (let time = 0; time < 2; time++) await type('export tiny/plain/0 --format tfjs');
    const [folder = ''] = readdirSync(join(journey.folder, 'results/tiny/export'));
    expect(folder).toMatch(/^plain-seed-0-[0-9a-f]{8}-tfjs$/);
    const files = readdirSync(join(journey.folder, 'results/tiny/export', folder)).toSorted();
    expect(files).toEqual(['model.json', expect.stringMatching(/^weights\.[0-9a-f]{8}\.bin$/)]);
    expect((await type('list')).stdout.split('\n')).toHaveLength(4);
  });
});

describe('wrong use of td export', () => {
  it.each([
    ['export tiny/plain/1', /^"tiny\/plain\/1" names no run, expected one of: tiny\/plain\/seed-0-[0-9a-f]{8}$/],
    ['export tiny/plian/0', /has no run of variant "plian" \(did you mean "plain"\?\)$/],
    ['export tiny/plain/0 --prune 0.6 --granularity unit', /was not swept at 60 % of its units, expected one of 0, 0.5; to add it: td sweep --granularity unit --prune 0.6$/],
    ['export tiny/plain/0 --prune 0.5 --granularity weight --criterion taylor', /was swept by units alone, expected --granularity unit; to prune weights: td sweep --criterion taylor --granularity weight --prune 0.5$/],
    ['export tiny/plain/0 --prune 0.5 --granularity unit --criterion snip', /was not swept by the criterion snip, expected a sweep .*: td sweep --criterion snip --granularity unit --prune 0.5$/],
    ['export tiny/plain/0 --prune 0.5', /^--prune says how much is pruned but not what, expected --granularity unit or --granularity weight$/],
    ['export tiny/plain/0 --granularity unit', /^--granularity says what is pruned but not how much/],
    ['export tiny/plain/0 --prune 1.5 --granularity unit', /^--prune is "1.5", expected one rate of at least 0 and below 1, such as 0.8$/],
    ['export tiny/plain/0 --format onxx', /^--format: there is no "onxx" \(did you mean "onnx"\?\)$/],
    ['export tiny/plain/0 --sparse', /^--sparse is for --format safetensors, not for onnx$/],
    ['export tiny/plain/0 --out tiny.yaml/x', /^--out: tiny.yaml\/x lies below the file .*, expected a folder there$/],
    ['export tiny/plain/0 --out results', /^--out: results is a folder, expected a file$/],
    ['export tiny/plain/0 --format tfjs --out results', /^--out: the folder results holds other files \("tiny"\)/],
    ['export tiny/plain/0 --format tfjs --out tiny.yaml', /^--out: tiny.yaml is a file, expected a folder for tfjs$/],
    ['export tiny/plain/0 --out /proc/x.onnx', /^--out: \/proc\/x.onnx cannot be written to, expected a path that can$/],
    ['export tiny/plain/0 --out /dev/null', /^--out: \/dev\/null is a device or a pipe, expected a file or the name of a new one$/],
    ['sweep tiny.yaml --criterion tylor', /^unknown criterion "tylor" \(did you mean "taylor"\?\)$/],
    ['sweep tiny.yaml --criterion nm:4:2', /^criterion "nm:4:2" is malformed, expected nm:N:M with N below M, at most 64, such as nm:2:4$/],
    ['sweep tiny.yaml --criterion nm:2:4 --prune 0.5', /^--criterion nm:2:4 prunes 50 % of weights, expected no --prune/],
    ['sweep tiny.yaml --criterion random --criterion-images 100', /^--criterion-images is for criteria that look at the loss, such as taylor; random looks at weights alone$/],
    ['sweep tiny.yaml --criterion snip --criterion-images 199', /^a criterion cannot look at 199 images, expected at most 100 or whole hundreds, such as 200$/],
    ['export tiny/plain/0 --criterion nm:2:4 --prune 0.8', /^--criterion nm:2:4 prunes 50 % of weights, expected no --prune/],
    ['export tiny/plain/0 --criterion nm:1:3', /^tiny\/plain\/seed-0-\w+ was not swept by the criterion nm-1-3, .*; sweep with: td sweep --criterion nm:1:3$/],
    ['measure tiny/plain/0 --criterion nm:2:4 --prune 0.5', /^--criterion nm:2:4 prunes 50 % of weights, expected no --prune/],
    ['measure tiny/plain/0 --criterion snip', /was not swept by units and the criterion snip, expected a sweep or --prune/],
    ['sweep tiny.yaml --criterion taylor --evaluate gamma', /^--criterion ranks networks as they are/],
    ['list tiny.yaml', /^results holds no experiment "tiny.yaml" \(did you mean "tiny"\?\)$/],
    ['measure tiyn', /^results holds no experiment "tiyn" \(did you mean "tiny"\?\)$/],
    ['diff tiny tiny/plain/0', /^tiny\/plain\/0 is a run and tiny is none, expected two runs or two experiments$/],
    ['gc --only orphan', /^--only: there is no "orphan" \(did you mean "orphans"\?\)$/],
    ['gc --only orphans --delete', /^--only orphans needs the file of an experiment/],
    ['table tiny --grid 0.5 --format md', /^--grid prints text or JSON, expected no --format md with it$/],
    ['table tiny --grid 0.5', /^tiny has no variants of a grid of two axes/],
  ])('is one sentence, and nothing is written: td %s', async (typed, answer) => {
    const before = listFiles(journey.folder);
    const { code, stdout, stderr } = await runInFolder(typed);
    expect(stderr.trimEnd().replace(/^td: /, '')).toMatch(answer);
    expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
    expect(listFiles(journey.folder)).toEqual(before);
  }); // biome-ignore format: a table

  it('a run that is not done cannot be exported', async () => {
    const [folder = ''] = readdirSync(join(journey.folder, 'results/tiny/plain'));
    const config = readFileSync(join(journey.folder, 'results/tiny/plain', folder, 'config.yaml'), 'utf8');
    const place = join(journey.folder, 'results/tiny/plain', folder.replace('seed-0', 'seed-5'));
    mkdirSync(place);
    writeFileSync(join(place, 'config.yaml'), config.replace(/seeds:[^\n]*\n( *- 0\n)?/, 'seeds: [5]\n'));
    const { code, stderr } = await runInFolder('export tiny/plain/5');
    expect(stderr).toMatch(/is not trained to its end, expected a run that is done|does not hold|seeds/);
    expect(code).toBe(2);
  });
});

describe('networks of groups', () => {
  it('are exported at the only rate that they have, also where it is two thirds', async () => {
    await type('sweep tiny.yaml --criterion nm:1:3 --only plain');
    const { stdout } = await type('export tiny/plain/0 --criterion nm:1:3 --out third.onnx');
    const [, row] = journey.readRecords('results/tiny/sweep-nm-1-3.csv');
    expect(row?.prune_rate).toBe('0.6666666666666666');
    expect(stdout).toContain(`in td ${(100 * Number(row?.accuracy)).toFixed(2)} %`);
    const again = await type(
      `export tiny/plain/0 --criterion nm:1:3 --prune ${row?.prune_rate} --out again.onnx`,
    );
    expect(again.stdout).toBe(stdout.replace('third.onnx', 'again.onnx'));
    expect(bytesOf('again.onnx')).toEqual(bytesOf('third.onnx'));
  });

  it('of a criterion that looks at more images than there are is refused', async () => {
    const { code, stderr } = await runInFolder('sweep tiny.yaml --criterion snip --criterion-images 100000');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /the criterion is to look at 100000 training images, but the run has \d+, expected at most as many/,
    );
  });
});

describe('td measure', () => {
  it('measures what was swept, and fewer units cost less', async () => {
    const { stdout } = await type('measure tiny/plain/0 --rounds 2 --threads 1');
    expect(stdout).toMatch(/^50 % of units +\d+\.\d\d % +6,366 /m);
    const rows = journey.readRecords('results/tiny/measure.csv');
    expect(rows.map((row) => [row.granularity, row.prune_rate, row.parameters, row.multiply_adds])).toEqual([
      ['unit', '0', '12786', '12752'],
      ['unit', '0.5', '6366', '6344'],
    ]);
    const [dense, half] = rows;
    expect(Number(half?.bytes)).toBeLessThan(0.6 * Number(dense?.bytes));
    expect(Number(half?.gzip_bytes)).toBeLessThan(Number(half?.bytes));
    expect(Number(half?.low1)).toBeLessThanOrEqual(Number(half?.median1));
    expect(half?.dense_median1).toBe(dense?.median1);
  });

  it('measures what another criterion pruned, in a table of its own', async () => {
    const before = journey.readRecords('results/tiny/measure.csv');
    await type('measure tiny/plain/0 --criterion taylor --rounds 1 --threads 1');
    const [, half] = journey.readRecords('results/tiny/measure-taylor.csv');
    const exported = await type('export tiny/plain/0 --prune 0.5 --granularity unit --criterion taylor --out taylor.onnx'); // biome-ignore format: one line
    // Not the network that magnitude leaves: Taylor compares both layers, so that their shapes are others.
    expect(half?.parameters).not.toBe('6366');
    expect(exported.stdout).toContain(`parameters ${Number(half?.parameters).toLocaleString('en-US')} of`);
    expect(journey.readRecords('results/tiny/measure.csv')).toEqual(before);
    // Two of every four weights: the shapes stay.
    await type('measure tiny/plain/0 --criterion nm:2:4 --rounds 1 --threads 1');
    const rows = journey.readRecords('results/tiny/measure-nm-2-4.csv');
    expect(rows.map((row) => [row.granularity, row.prune_rate, row.parameters])).toEqual([
      ['weight', '0', '12786'],
      ['weight', '0.5', '12786'],
    ]);
    // Of 784·16 and 16·8 half stays; the last layer and the biases are whole.
    expect(Number(rows[1]?.nonzero)).toBeLessThanOrEqual(784 * 8 + 8 * 8 + 80 + 34);
  });
});

describe('td diff', () => {
  it('shows settings, accuracies and where two runs cross', async () => {
    const { stdout } = await type('diff tiny/plain/0 tiny/targeted/0');
    expect(stdout).toMatch(/^regularizer.name +none +targeted$/m);
    expect(stdout).toContain('Test accuracy in percent, weights pruned (intervals of 95 %)');
    expect(stdout).toMatch(/^they (do not cross|cross between 0 % and 50 %: [ab] is ahead from there)$/m);
  });

  it('compares the experiments that two folders of results have in common', async () => {
    const { stdout } = await type('diff results results');
    expect(stdout).toMatch(/^a: results\/tiny\nb: results\/tiny$/m);
    expect(stdout).toMatch(/^targeted\n\nthe same settings$/m);
    expect(JSON.parse((await type('diff results results --json')).stdout)).toMatchObject({
      a: 'results/tiny',
    });
  });
});
