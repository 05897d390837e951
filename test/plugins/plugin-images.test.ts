/** @file Images of a plugin's data set that have no path: whatever shows or uses a run on them says so once they are others. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeFolder, td } from '../cli/td.ts';

// Each test starts several processes.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const place = makeFolder({
  'plugin.ts': `
import { readFileSync } from 'node:fs';
import { commonSettings, defineDataset, name, z } from 'targeted-dropout/plugin';
const form = { imageShape: [2, 2, 1] as const, classes: 2, trainImages: 32, testImages: 16 };
const facts = { title: 'File', licence: 'none', source: 'none', isPublished: false, isFetched: false, isPresent: true };
const part = (bytes: Uint8Array, count: number) => ({
  count,
  images: bytes.slice(0, count * 4),
  labels: Uint8Array.from({ length: count }, (_, index) => index % 2),
});
const load = async () => {
  const bytes = readFileSync(new URL('./data/bytes', import.meta.url));
  return { name: 'file', ...form, train: part(bytes, 32), test: part(bytes, 16) };
};
export const datasets = [
  defineDataset({
    name: 'file',
    summary: 'the bytes of a file',
    settings: z.strictObject({ name: name('file'), ...commonSettings }),
    describe: () => ({ ...facts, ...form }),
    load,
    fetch: async () => 'package',
  }),
];
`,
  'file.yaml':
    'dataset: { name: file }\nmodel: { name: mlp, widths: [4] }\nschedule: { epochs: 1, batchSize: 16 }\nvariants: { none: {} }\n',
});
afterAll(() => place.remove());

const bytes = join(place.folder, 'data/bytes');
const run = (...words: readonly string[]) => td(place.folder, ...words, '--plugin', 'plugin.ts');
const COMPUTING = ['--engine', 'onnx', '--threads', '1'];
const OTHERS =
  /the images in file are others \(fingerprint \w{12}\) than those that file\/none\/seed-0-\w+ was trained on \(\w{12}\); bring those back/;
const trained = Uint8Array.from({ length: 128 }, (_, index) => (index * 37) % 256);

beforeAll(async () => {
  mkdirSync(join(place.folder, 'data'));
  writeFileSync(bytes, trained);
  for (const words of [
    ['run', 'file.yaml', ...COMPUTING],
    ['sweep', 'file.yaml', '--prune', '0,0.5', '--no-figures', ...COMPUTING],
  ])
    expect({ words, ...(await run(...words)) }).toMatchObject({ code: 0 });
});

describe('a run on other images than those of its plugin now', () => {
  beforeEach(() => {
    writeFileSync(bytes, new Uint8Array(128).fill(9));
    return () => writeFileSync(bytes, trained);
  });

  it.each([
    'run file.yaml',
    'sweep file.yaml --prune 0,0.25 --no-figures',
    'figures file',
    'report file --out r.html',
    'measure file --rounds 1',
    'export file/none/0 --out net',
  ])('is refused by td %s', async (line) => {
    const rows = () => readFileSync(join(place.folder, 'results/file/sweep.csv'), 'utf8');
    const before = rows();
    const { code, stderr } = await run(...line.split(' '));
    expect({ code: code === 0, stderr }).toEqual({ code: false, stderr: expect.stringMatching(OTHERS) });
    expect(rows()).toBe(before);
  });

  it('is shown, with a sentence that says so', async () => {
    const { stdout, stderr } = await run('show', 'file/none/0');
    expect(stdout).toContain('file/none');
    expect(stderr).toMatch(OTHERS);
  });
});

it('a run on the images that its plugin has still is shown without a word', async () => {
  expect(await run('show', 'file/none/0')).toMatchObject({ code: 0, stderr: '' });
  expect(await run('figures', 'file')).toMatchObject({
    code: 0,
    stderr: expect.not.stringMatching(/others|failed/),
  });
});

it('a run whose plugin finds no file is shown, since nothing else lies there, and is not swept, in one sentence', async () => {
  renameSync(bytes, `${bytes}.away`);
  try {
    expect(await run('show', 'file/none/0')).toMatchObject({ code: 0, stderr: '' });
    const swept = await run('sweep', 'file.yaml', '--prune', '0.25', '--no-figures', ...COMPUTING);
    expect(swept.stderr).toMatch(
      /failed: plugin plugin\.ts, data set "file": load failed \(ENOENT: .*\), expected files that can be read$/m,
    );
    expect(swept).toMatchObject({ code: 1, stderr: expect.not.stringMatching(/^ +at /m) });
  } finally {
    rmSync(bytes, { force: true });
    renameSync(`${bytes}.away`, bytes);
  }
});
