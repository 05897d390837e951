/** @file Fingerprints: the same for the same images wherever they lie, another for any other; remembered, never wrongly. */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { identifyDataset, loadDataset, recallDataset } from '../../src/data/load.ts';
import { datasets } from '../../src/data/registry.ts';
import { plainSettings } from '../../src/data/settings.ts';
import { cacheFolder } from '../../src/files/cache-folder.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { countUp, encodeIdx, pack, smallFiles, writeFolder } from './idx-files.ts';
import { datasetSettings } from './settings.ts';

beforeEach(() => {
  vi.stubEnv('TD_CACHE', temporaryFolder());
  onTestFinished(() => void vi.unstubAllEnvs());
});

const settingsOf = (path: string) => datasetSettings({ name: 'mnist', path });
const fingerprintAt = async (path: string) => (await loadDataset(settingsOf(path))).fingerprint;

/** Files count as settled once they are some seconds old. */
function letSecondsPass(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  onTestFinished(() => void vi.useRealTimers());
}

describe('a fingerprint', () => {
  it('is the SHA-256 of shapes, number of classes, images and labels', async () => {
    const form = '{"imageShape":[2,3,1],"classes":10,"train":3,"test":2}\n';
    const bytes = [...countUp(18), 9, 0, 4, ...countUp(12), 1, 7];
    const expected = createHash('sha256').update(form).update(Uint8Array.from(bytes)).digest('hex');
    expect(await fingerprintAt(writeFolder(smallFiles()))).toBe(expected);
  });

  it('is the same for files that are packed, named otherwise, or behind a link', async () => {
    const folder = writeFolder(smallFiles());
    const fingerprint = await fingerprintAt(folder);
    expect(await fingerprintAt(writeFolder(pack(smallFiles(), (name) => `${name}.gz`)))).toBe(fingerprint);
    const link = join(temporaryFolder(), 'link');
    symlinkSync(folder, link);
    expect(await fingerprintAt(link)).toBe(fingerprint);
    expect(await fingerprintAt(`${folder}/`)).toBe(fingerprint);
  });

  it('is that of all images, however many of them are used', async () => {
    const settings = settingsOf(writeFolder(smallFiles()));
    const part = await loadDataset({ ...settings, trainImages: 1, testImages: 1 });
    expect(part.fingerprint).toBe((await loadDataset(settings)).fingerprint);
  });

  it.each<[string, Record<string, Buffer>]>([
    ['a pixel', { 'train-images-idx3-ubyte': encodeIdx([3, 2, 3], [...countUp(17), 99]) }],
    ['a label', { 'train-labels-idx1-ubyte': encodeIdx([3], [9, 0, 5]) }],
    ['the order of labels', { 'train-labels-idx1-ubyte': encodeIdx([3], [0, 9, 4]) }],
    ['a pixel of a test image', { 't10k-images-idx3-ubyte': encodeIdx([2, 2, 3], [...countUp(11), 99]) }],
    ['a label of a test image', { 't10k-labels-idx1-ubyte': encodeIdx([2], [1, 8]) }],
  ])('is another if %s is another', async (_, changed) => {
    const fingerprint = await fingerprintAt(writeFolder(smallFiles()));
    expect(await fingerprintAt(writeFolder({ ...smallFiles(), ...changed }))).not.toBe(fingerprint);
  });

  it('is another for images of the same bytes in another shape', async () => {
    const turned = {
      'train-images-idx3-ubyte': encodeIdx([3, 3, 2], countUp(18)),
      't10k-images-idx3-ubyte': encodeIdx([2, 3, 2], countUp(12)),
    };
    const fingerprint = await fingerprintAt(writeFolder(smallFiles()));
    expect(await fingerprintAt(writeFolder({ ...smallFiles(), ...turned }))).not.toBe(fingerprint);
  });

  it('that the settings have is held against the images', async () => {
    const settings = { ...settingsOf(writeFolder(smallFiles())), fingerprint: 'ab'.repeat(32) };
    const found = (await fingerprintAt(settings.path ?? ''))?.slice(0, 12);
    await expect(loadDataset(settings)).rejects.toThrow(
      `the images in ${settings.path} are others (fingerprint ${found}) than those that dataset.fingerprint names (abababababab)`,
    );
  });

  it('is known of pinned images, too', async () => {
    const { fingerprint } = await loadDataset(datasetSettings({ name: 'mnist', trainImages: 10 }));
    expect(fingerprint).toMatchInlineSnapshot(
      `"3582b4ababd2b88831e5d8c16983c08eb437c8fe262a854a02dbc8f9d9385fc7"`,
    );
  });
});

describe('a fingerprint that was computed before', () => {
  it('is known without reading the images, until a file changes', async () => {
    const folder = writeFolder(smallFiles());
    letSecondsPass();
    expect(recallDataset(settingsOf(folder))).toBeUndefined();
    const fingerprint = await fingerprintAt(folder);
    expect(recallDataset(settingsOf(folder))).toEqual(
      expect.objectContaining({ fingerprint, imageShape: [2, 3, 1], classes: 10 }),
    );
    const labels = join(folder, 'train-labels-idx1-ubyte');
    writeFileSync(labels, encodeIdx([3], [9, 0, 5]));
    // A time that is set back does not hide the change.
    utimesSync(labels, new Date(1e12), new Date(1e12));
    expect(recallDataset(settingsOf(folder))).toBeUndefined();
    expect(await fingerprintAt(folder)).not.toBe(fingerprint);
  });

  it('is known of files that a prefix names, too', async () => {
    const files = Object.entries(smallFiles()).map(([name, bytes]) => [`own-${name}`, bytes] as const);
    const folder = writeFolder(Object.fromEntries(files));
    letSecondsPass();
    const fingerprint = await fingerprintAt(join(folder, 'own'));
    expect(recallDataset(settingsOf(join(folder, 'own')))).toMatchObject({ fingerprint });
    writeFileSync(join(folder, 'own-train-labels-idx1-ubyte'), encodeIdx([3], [9, 0, 5]));
    expect(recallDataset(settingsOf(join(folder, 'own')))).toBeUndefined();
  });

  it('is not kept of files that changed a moment ago: they may change again and look the same', async () => {
    const folder = writeFolder(smallFiles());
    await fingerprintAt(folder);
    expect(recallDataset(settingsOf(folder))).toBeUndefined();
  });

  it('is not taken for that of other files of the same sizes in their place', async () => {
    const [folder, other] = [writeFolder(smallFiles()), temporaryFolder()];
    mkdirSync(join(other, 'inner'));
    letSecondsPass();
    const fingerprint = await fingerprintAt(folder);
    for (const name of readdirSync(folder)) copyFileSync(join(folder, name), join(other, name));
    writeFileSync(join(other, 't10k-labels-idx1-ubyte'), encodeIdx([2], [1, 8]));
    renameSync(folder, `${folder}-old`);
    renameSync(other, folder);
    expect(await fingerprintAt(folder)).not.toBe(fingerprint);
    renameSync(folder, other);
    renameSync(`${folder}-old`, folder);
    expect(await fingerprintAt(folder)).toBe(fingerprint);
  });

  it.each(['', '{"stamp":1}', '{"fingerprint":"x"'])(
    'is computed anew if what was kept is damaged: %j',
    async (text) => {
      const folder = writeFolder(smallFiles());
      letSecondsPass();
      const fingerprint = await fingerprintAt(folder);
      const kept = join(cacheFolder(), 'fingerprints');
      const names = readdirSync(kept);
      expect(names).toHaveLength(1);
      for (const name of names) writeFileSync(join(kept, name), text);
      expect(recallDataset(settingsOf(folder))).toBeUndefined();
      expect(await fingerprintAt(folder)).toBe(fingerprint);
    },
  );

  it('is no need: without a folder to keep it in, it is computed each time', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    vi.stubEnv('TD_CACHE', file);
    const folder = writeFolder(smallFiles());
    letSecondsPass();
    const { fingerprint } = await identifyDataset(settingsOf(folder));
    expect((await identifyDataset(settingsOf(folder))).fingerprint).toBe(fingerprint);
  });
});

describe('the images of a plugin that names the folder of its files', () => {
  it('are known without loading them, unless a file changed while they were loaded', async () => {
    const folder = writeFolder({ bytes: Uint8Array.of(1, 2, 3, 4) });
    const file = join(folder, 'bytes');
    let meanwhile = () => {};
    const load = async () => {
      const images = Uint8Array.from(readFileSync(file));
      meanwhile();
      const split = { count: 2, images, labels: Uint8Array.of(0, 1) };
      return { name: 'filed', imageShape: [1, 2, 1] as const, classes: 2, train: split, test: split };
    };
    const facts = { title: '', licence: '', source: '', isPublished: false, isFetched: false };
    datasets.register({
      name: 'filed',
      summary: '',
      settings: plainSettings('filed'),
      describe: () => ({ ...facts, folder, isPresent: true }),
      load,
      fetch: async () => 'package',
    });
    const settings = datasetSettings({ name: 'filed' as never });
    letSecondsPass();
    meanwhile = () => writeFileSync(file, Uint8Array.of(5, 6, 7, 8));
    await loadDataset(settings);
    expect(recallDataset(settings)).toBeUndefined();
    meanwhile = () => {};
    const { fingerprint } = await loadDataset(settings);
    expect(recallDataset(settings)).toMatchObject({ fingerprint });
    writeFileSync(file, Uint8Array.of(1, 2, 3, 4));
    expect(recallDataset(settings)).toBeUndefined();
    expect((await loadDataset(settings)).fingerprint).not.toBe(fingerprint);
  });
});

describe('a path in an experiment file', () => {
  it('that leads nowhere, though it would from the working folder, is refused with what was meant', async () => {
    const path = join(temporaryFolder(), 'test/data');
    await expect(loadDataset(settingsOf(path))).rejects.toThrow(
      `dataset.path: there is nothing at "${path}"; a relative path is relative to the file that says it, did you mean "${join(process.cwd(), 'test/data')}"?`,
    );
  });
});
