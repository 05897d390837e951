/** @file A plugin's data set that reads a file: once the file is another, what was trained on the old one is not gone on with. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { makeFolder, td } from './td.ts';

// Each test starts several processes.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const PLUGIN = `
import { readFileSync } from 'node:fs';
import { commonSettings, defineDataset, name, z } from 'targeted-dropout/plugin';
const form = { imageShape: [2, 2, 1] as const, classes: 2, trainImages: 32, testImages: 16 };
const part = (bytes: Uint8Array, count: number) => ({
  count,
  images: bytes.slice(0, count * 4),
  labels: Uint8Array.from({ length: count }, (_, index) => index % 2),
});
export const datasets = [
  defineDataset({
    name: 'file',
    summary: 'the bytes of a file',
    settings: z.strictObject({ name: name('file'), ...commonSettings }),
    describe: () => ({ ...form, title: 'File', licence: 'none', source: 'none', isPublished: false, isFetched: false, isPresent: true }),
    load: async () => {
      const bytes = readFileSync('bytes');
      return { name: 'file', ...form, train: part(bytes, 32), test: part(bytes, 16) };
    },
    fetch: async () => 'package',
  }),
];
`;

const place = makeFolder({
  'plugin.ts': PLUGIN,
  'file.yaml':
    'dataset: { name: file }\nmodel: { name: mlp, widths: [4] }\nschedule: { epochs: 1, batchSize: 16 }\nvariants: { none: {} }\n',
});
afterAll(() => place.remove());

const bytes = join(place.folder, 'bytes');
const run = (...words: readonly string[]) =>
  td(place.folder, ...words, '--plugin', 'plugin.ts', '--engine', 'onnx', '--threads', '1');

beforeAll(async () => {
  writeFileSync(
    bytes,
    Uint8Array.from({ length: 128 }, (_, index) => (index * 37) % 256),
  );
  expect(await run('run', 'file.yaml')).toMatchObject({ code: 0 });
  expect(await run('sweep', 'file.yaml', '--prune', '0', '--no-figures')).toMatchObject({ code: 0 });
});

it('is not swept on other images than it was trained on, and gets no rows', async () => {
  const before = readFileSync(join(place.folder, 'results/file/sweep.csv'), 'utf8');
  writeFileSync(bytes, new Uint8Array(128).fill(9));
  for (const words of [
    ['sweep', 'file.yaml', '--prune', '0,0.5', '--no-figures'],
    ['run', 'file.yaml'],
  ]) {
    const { code, stderr } = await run(...words);
    expect({ words, code: code === 0, stderr }).toEqual({
      words,
      code: false,
      stderr: expect.stringMatching(
        /the images in file are others \(fingerprint \w{12}\) than those that file\/none\/seed-0-\w+ was trained on \(\w{12}\); bring those back/,
      ),
    });
  }
  expect(readFileSync(join(place.folder, 'results/file/sweep.csv'), 'utf8')).toBe(before);
});
