/** @file Fetching IDX files: from the web, from a folder at hand, and what is refused; the facts of the real Fashion-MNIST. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { idxDataset } from '../../../src/data/idx/dataset.ts';
import {
  IDX_ROLES,
  type IdxRole,
  type IdxStore,
  openIdxStore,
  readIdxManifest,
} from '../../../src/data/idx/manifest.ts';
import { fetchIdx } from '../../../src/data/idx/sources.ts';
import type { PinnedFile } from '../../../src/data/manifest.ts';
import { fashionMnist } from '../../../src/data/sets/fashion-mnist.ts';
import type { Split } from '../../../src/data/types.ts';
import { UserError } from '../../../src/errors.ts';
import type { StartStage } from '../../../src/progress.ts';
import { temporaryFolder } from '../../runs/temporary.ts';
import { pin } from '../cifar-files.ts';
import { openDataset } from '../definitions.ts';
import { countUp, encodeIdx, pack, smallFiles, writeFolder } from '../idx-files.ts';
import { serve } from '../server.ts';

const SILENT: StartStage = () => ({ update() {}, stop() {} });
const NAMES: Readonly<Record<IdxRole, string>> = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
};

/** The small files as a data set that is published packed at these addresses. */
function storeAt(...addresses: string[]): IdxStore {
  const files = smallFiles();
  const pins = (change: (role: IdxRole) => PinnedFile) =>
    Object.fromEntries(IDX_ROLES.map((role) => [role, change(role)])) as Record<IdxRole, PinnedFile>;
  const contentOf = (role: IdxRole) => files[NAMES[role]] as Buffer;
  return {
    name: 'small',
    folder: join(temporaryFolder(), 'small'),
    manifest: {
      ...{ title: 'small', homepage: 'https://small.example', licence: 'none' },
      ...{ imageShape: [2, 3, 1], classes: 10, trainImages: 3, testImages: 2 },
      files: pins((role) => pin(NAMES[role], contentOf(role))),
      source: { addresses, files: pins((role) => pin(`${NAMES[role]}.gz`, gzipSync(contentOf(role)))) },
    },
  };
}

/** A server of the packed files, and what it was asked for. */
async function servePacked(change = (_name: string, content: Buffer) => content) {
  const packed = pack(smallFiles(), (name) => `${name}.gz`);
  const requests: string[] = [];
  const address = await serve((request, response) => {
    const name = (request.url ?? '').slice(1);
    requests.push(name);
    const content = packed[name];
    if (content === undefined) response.writeHead(404).end();
    else response.end(change(name, content));
  });
  return { address, requests };
}

const filesOf = ({ folder = '' }: IdxStore) => readdirSync(folder).sort();

describe('IDX files from the web', () => {
  it('are downloaded once, unpacked into the cache and loaded from there', async () => {
    const { address, requests } = await servePacked();
    const store = storeAt(address);
    const dataset = openDataset(idxDataset({ name: 'small', summary: 'made up' }, () => store));
    expect(dataset.describe()).toMatchObject({ isFetched: true, isPresent: false });
    for (let time = 0; time < 2; time++) {
      const { train, test, imageShape, classes } = await dataset.load();
      expect({ imageShape, classes }).toEqual({ imageShape: [2, 3, 1], classes: 10 });
      expect([...train.images]).toEqual(countUp(18));
      expect([[...train.labels], [...test.labels]]).toEqual([
        [9, 0, 4],
        [1, 7],
      ]);
    }
    expect(requests).toEqual(Object.values(NAMES).map((name) => `${name}.gz`));
    expect(filesOf(store)).toEqual(Object.values(NAMES).sort());
    expect((await dataset.verify()).map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(await fetchIdx(store, undefined, SILENT)).toBe('cache');
  });

  it('come from the next address if one is out of reach or has other files', async () => {
    const other = await servePacked((name, content) =>
      name.startsWith('t10k-labels') ? gzipSync('x') : content,
    );
    const good = await servePacked();
    const store = storeAt('http://127.0.0.1:9', other.address, good.address);
    expect(await fetchIdx(store, 'official', SILENT)).toBe(good.address);
    expect(other.requests).toHaveLength(4);
  });

  it('show how much has arrived, of all four together', async () => {
    const { address } = await servePacked();
    const shown: number[] = [];
    const begin: StartStage = (label, total) => {
      expect(label).toBe('downloading small (0 MB)');
      return { update: (done) => shown.push(done / total), stop() {} };
    };
    await fetchIdx(storeAt(address), undefined, begin);
    expect(shown).toEqual(shown.toSorted((a, b) => a - b));
    expect(shown.at(-1)).toBe(1);
  });

  it.each<[string, (content: Buffer) => Buffer, RegExp]>([
    [
      'is another',
      (content) => Buffer.from(content).fill(0, 12, 13),
      /sent another file than .*: its SHA-256 is/,
    ],
    ['is cut short', (content) => content.subarray(0, 20), /ended after 20 of \d+ bytes/],
  ])('are refused as a whole if one %s, and nothing is left', async (_, damage, message) => {
    const { address } = await servePacked((name, content) =>
      name.startsWith('t10k-images') ? damage(content) : content,
    );
    const store = storeAt(address);
    const fetching = fetchIdx(store, undefined, SILENT);
    await expect(fetching).rejects.toThrow(UserError);
    await expect(fetching).rejects.toThrow(message);
    await expect(fetching).rejects.toThrow(
      /; without a network, bring the folder with the four IDX files of https:\/\/small.example here and run "td data fetch small --source PATH"$/,
    );
    expect(filesOf(store)).toEqual([]);
  });
});

describe('a folder at hand', () => {
  it('fills the cache, whether its files are packed or not', async () => {
    for (const files of [smallFiles(), pack(smallFiles(), (name) => `${name}.gz`)]) {
      const store = storeAt('http://127.0.0.1:9');
      const folder = writeFolder(files);
      expect(await fetchIdx(store, folder, SILENT)).toBe(folder);
      for (const name of filesOf(store))
        expect(readFileSync(join(store.folder ?? '', name)).equals(smallFiles()[name] as Buffer)).toBe(true);
    }
  });

  it('is refused if it has other images, or lacks a file', async () => {
    const { 't10k-labels-idx1-ubyte': labels, ...rest } = smallFiles();
    const other = { ...rest, 't10k-labels-idx1-ubyte': encodeIdx([2], [1, 8]) };
    for (const [files, message] of [
      [other, /^t10k-labels-idx1-ubyte of .* is not that of small: its SHA-256 is \w+, expected \w+$/],
      [rest, /^".*" has no t10k-labels-idx1-ubyte, expected it/],
    ] as const) {
      const store = storeAt('http://127.0.0.1:9');
      await expect(fetchIdx(store, writeFolder(files), SILENT)).rejects.toThrow(message);
    }
    expect(labels).toBeDefined();
  });

  it('is verified as it lies there, packed too, and found damaged where it is', async () => {
    const store = storeAt('http://127.0.0.1:9');
    const { verify } = openDataset(idxDataset({ name: 'small', summary: 'made up' }, () => store));
    const folder = writeFolder(pack(smallFiles(), (name) => `${name}.gz`));
    const statesOf = async () => (await verify(folder)).map(({ state }) => state);
    expect(await statesOf()).toEqual(['ok', 'ok', 'ok', 'ok']);
    writeFileSync(join(folder, 'train-labels-idx1-ubyte.gz'), 'x');
    expect(await statesOf()).toEqual(['ok', 'damaged', 'ok', 'ok']);
  });

  it('is no source of what comes with td', async () => {
    const mnist = openIdxStore('mnist');
    expect(await fetchIdx(mnist, undefined, SILENT)).toBe('package');
    await expect(fetchIdx(mnist, '.', SILENT)).rejects.toThrow(
      new UserError('mnist comes with this program; read other files by dataset.path'),
    );
  });
});

describe('the manifest of Fashion-MNIST', () => {
  it('pins the packed files under the MD5 sums that the home page states', () => {
    const { source } = readIdxManifest('fashion-mnist');
    if (!('addresses' in source)) throw new Error('no addresses');
    expect(Object.values(source.files).map(({ name, md5 }) => [name, md5])).toEqual([
      ['train-images-idx3-ubyte.gz', '8d4fb7e6c68d591d4c3dfef9ec88bf0d'],
      ['train-labels-idx1-ubyte.gz', '25c81989df183df01b3e8a0aad5dffbe'],
      ['t10k-images-idx3-ubyte.gz', 'bef4ecab320f06d8554ea6380940ec79'],
      ['t10k-labels-idx1-ubyte.gz', 'bb300cfdad3c16e7a12a480ee83cd310'],
    ]);
  });
});

const isPresent = fashionMnist.describe().isPresent;

describe.skipIf(!isPresent)(
  'the real Fashion-MNIST (skipped unless "td data fetch fashion-mnist" was run)',
  () => {
    it('has 6,000 training and 1,000 test images of each class, and the published mean and deviation', async () => {
      const { train, test } = await openDataset(fashionMnist).load();
      const countClasses = ({ labels }: Split) => {
        const counts = new Array<number>(10).fill(0);
        for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
        return counts;
      };
      expect(countClasses(train)).toEqual(new Array(10).fill(6000));
      expect(countClasses(test)).toEqual(new Array(10).fill(1000));
      expect([...train.labels.subarray(0, 5)]).toEqual([9, 0, 0, 3, 0]);
      let [sum, squares] = [0, 0];
      for (const byte of train.images) {
        sum += byte / 255;
        squares += (byte / 255) ** 2;
      }
      const mean = sum / train.images.length;
      expect(mean).toBeCloseTo(0.286, 3);
      expect(Math.sqrt(squares / train.images.length - mean ** 2)).toBeCloseTo(0.353, 3);
    });
  },
);
