/** @file Small data sets in the formats of CIFAR, made for tests: records, archives, manifests. */
import { createHash, hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';
import type { PinnedFile } from '../../src/data/manifest.ts';
import type { RecordStore } from '../../src/data/records/manifest.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { NOWHERE } from './server.ts';

/** Of CIFAR-10: a label and three planes of 32 × 32. */
const RECORD_BYTES = 1 + 3 * 32 * 32;

/** A byte of image `index`, different in every place. */
export function byteOf(index: number, row: number, column: number, channel: number): number {
  return (index * 101 + row * 37 + column * 11 + channel * 83) % 256;
}

/** Records with the given labels (one list of label bytes each); image i is that of `byteOf(first + i, …)`. */
export function makeRecords(labels: readonly (readonly number[])[], first = 0): Buffer {
  const planes = (index: number) => {
    const bytes: number[] = [];
    for (let channel = 0; channel < 3; channel++)
      for (let row = 0; row < 32; row++)
        for (let column = 0; column < 32; column++) bytes.push(byteOf(index, row, column, channel));
    return bytes;
  };
  return Buffer.concat(labels.map((bytes, index) => Buffer.from([...bytes, ...planes(first + index)])));
}

/** Records of random bytes, which no archive makes smaller. */
function randomRecords(count: number, key: string): Buffer {
  const bytes = createHash('shake256', { outputLength: count * RECORD_BYTES })
    .update(key)
    .digest();
  for (let index = 0; index < count; index++) bytes[index * RECORD_BYTES] = index % 10;
  return bytes;
}

export interface TarEntry {
  readonly path: string;
  readonly content?: Uint8Array;
  /** What the header announces, if not the content's own size. */
  readonly size?: number;
  readonly type?: 'File' | 'Directory' | 'SymbolicLink';
}

/** A tar archive, entry by entry, true or not. */
export function makeTar(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap(({ path, content = new Uint8Array(0), size, type = 'File' }) => {
    const header = Buffer.alloc(512);
    const linkpath = type === 'SymbolicLink' ? '/etc/passwd' : '';
    new Header({ path, size: size ?? content.length, type, mode: 0o644, linkpath }).encode(header, 0);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** A data set of few records: its official files by name, the archive of them, and a store in a new folder. */
export interface SmallSet {
  readonly files: Readonly<Record<string, Buffer>>;
  readonly archive: Buffer;
  readonly store: RecordStore;
}

/** In the format of CIFAR-10: two training files and one for tests. The folder is removed after the test. */
export function smallCifar10(url = NOWHERE): SmallSet {
  const files = {
    'batch_1.bin': makeRecords([[6], [9]]),
    'batch_2.bin': makeRecords([[0], [3]], 2),
    'test.bin': makeRecords([[8], [1]], 4),
  };
  return makeSet('small10', files, ['batch_1.bin', 'batch_2.bin'], { labelBytes: 1, label: 0 }, 10, url);
}

/** In the format of CIFAR-10, and large enough for its fetching to take a while: 4 MB. */
export function largerCifar10(url: string): SmallSet {
  const files = { 'batch_1.bin': randomRecords(1000, 'train'), 'test.bin': randomRecords(300, 'test') };
  return makeSet('larger10', files, ['batch_1.bin'], { labelBytes: 1, label: 0 }, 10, url);
}

/** In the format of CIFAR-100: a coarse and a fine label. */
export function smallCifar100(url = NOWHERE): SmallSet {
  const files = {
    'train.bin': makeRecords([
      [19, 99],
      [3, 0],
      [7, 42],
      [0, 11],
    ]),
    'test.bin': makeRecords(
      [
        [1, 50],
        [2, 98],
      ],
      4,
    ),
  };
  return makeSet('small100', files, ['train.bin'], { labelBytes: 2, label: 1 }, 100, url);
}

function makeSet(
  name: string,
  files: Readonly<Record<string, Buffer>>,
  trainNames: readonly string[],
  record: RecordStore['manifest']['record'],
  classes: number,
  url: string,
): SmallSet {
  const archive = gzipSync(
    makeTar([
      { path: 'set-bin/', type: 'Directory' },
      { path: 'set-bin/readme.html', content: Buffer.from('<html>') },
      ...Object.entries(files).map(([path, content]) => ({ path: `set-bin/${path}`, content })),
    ]),
  );
  const train = Buffer.concat(trainNames.map((path) => files[path] as Buffer));
  const imagesOf = (records: Buffer) => records.length / (RECORD_BYTES - 1 + record.labelBytes);
  const pinNamed = (path: string) => pin(path, files[path] as Buffer);
  const manifest: RecordStore['manifest'] = {
    title: name,
    homepage: 'http://127.0.0.1',
    licence: 'none',
    imageShape: [32, 32, 3],
    classes,
    trainImages: imagesOf(train),
    testImages: imagesOf(files['test.bin'] as Buffer),
    record,
    files: { train: pin('train.bin', train), test: pinNamed('test.bin') },
    sources: {
      official: {
        url,
        archive: pin('set.tar.gz', archive),
        folder: 'set-bin',
        train: trainNames.map(pinNamed),
        test: [pinNamed('test.bin')],
      },
    },
  };
  return { files, archive, store: { name, manifest, folder: join(temporaryFolder(), name) } };
}

/** What a manifest says of a file. */
export function pin(name: string, content: Uint8Array): PinnedFile {
  return { name, bytes: content.length, md5: hash('md5', content), sha256: hash('sha256', content) };
}

/** Writes files by path below a new folder that is removed when the running test ends. */
export function writeFiles(files: Readonly<Record<string, Uint8Array>>): string {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}
