/** @file Files that are something else: each is said to be what it is, with what to do. */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { describeContent, describeNames } from '../../src/data/content.ts';
import { describeDamage, inspectFile } from '../../src/data/files.ts';
import { fetchRecords } from '../../src/data/records/sources.ts';
import { makeTar, smallCifar10, writeFiles } from './cifar-files.ts';
import { recordsOf } from './definitions.ts';

const SILENT = () => ({ update() {}, stop() {} });
const POINTER = Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n');

const FOREIGN: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['nothing', Buffer.alloc(0), /^it is empty, /],
  ['a Git LFS pointer', POINTER, /^it is a Git LFS pointer, .*"git lfs pull"/],
  ['a git-annex pointer', Buffer.from('/annex/objects/SHA256E-s1--0'), /^it is a git-annex pointer, /],
  ['a web page', Buffer.from('\ufeff\n<!-- x --><!doctype HTML>'), /^it is a web page, /],
  ['an error of a server', Buffer.from('<?xml version="1.0"?><Error>'), /^it is XML, /],
  ['bzip2', Buffer.from('BZh91AY'), /^it is packed with bzip2; unpack it first \(bunzip2\)$/],
  ['xz', Buffer.from('fd377a585a000004', 'hex'), /^it is packed with xz; .*\(unxz\)$/],
  ['Zstandard', Buffer.from('28b52ffd04', 'hex'), /^it is packed with Zstandard; .*\(unzstd\)$/],
  ['zip', Buffer.from('PK\x03\x04'), /^it is packed with zip/],
  ['a pickle', Buffer.from('80027d7101', 'hex'), /^it is a Python pickle, a format that td does not read$/],
];

describe('describeContent', () => {
  it.each(FOREIGN)('knows %s', (_, bytes, description) => {
    expect(describeContent(bytes)).toMatch(description);
  });

  it('takes nothing that td reads for something else', () => {
    for (const bytes of [makeTar([]), gzipSync('x'), Buffer.from([0, 0, 8, 3]), Buffer.from([6, 1, 2])])
      expect(describeContent(bytes)).toBeUndefined();
  });
});

describe('CIFAR', () => {
  const load = (path: string) => recordsOf(smallCifar10().store).load(path);

  it.each(FOREIGN.slice(1))(
    'is not read from %s, whether fetched, loaded or verified',
    async (_, bytes, description) => {
      const path = join(writeFiles({ 'set.tar.gz': bytes }), 'set.tar.gz');
      const clause = description.source.replace(/^\^|\$$/g, '');
      await expect(load(path)).rejects.toThrow(
        new RegExp(`^dataset.path: .*set.tar.gz cannot be read as a tar archive: ${clause}`),
      );
      await expect(fetchRecords(smallCifar10().store, path, SILENT)).rejects.toThrow(
        new RegExp(`set.tar.gz is not set.tar.gz as published: ${clause}`),
      );
      const report = inspectFile(path, smallCifar10().store.manifest.sources.official.archive);
      expect(describeDamage(report)).toMatch(new RegExp(`, expected \\d+: ${clause}`));
    },
  );

  it('is not read from its versions for Python and MATLAB', async () => {
    const python = ['data_batch_1', 'test_batch', 'batches.meta'];
    expect(describeNames(['cifar-10-batches-mat/data_batch_1.mat'])).toMatch(
      /^it is the version for MATLAB; /,
    );
    expect(describeNames(['cifar-100-python/train'])).toMatch(/^it is the version for Python; /);
    const entries = python.map((name) => ({
      path: `cifar-10-batches-py/${name}`,
      content: Buffer.from('x'),
    }));
    const folder = writeFiles({
      'python.tar.gz': gzipSync(makeTar(entries)),
      ...Object.fromEntries(python.map((name) => [`py/${name}`, Buffer.from('x')])),
    });
    await expect(load(join(folder, 'python.tar.gz'))).rejects.toThrow(
      /python.tar.gz has no set-bin\/batch_1.bin: it is the version for Python; td reads the binary one \(…-binary.tar.gz\)$/,
    );
    await expect(load(join(folder, 'py'))).rejects.toThrow(
      /" has no batch_1.bin: it is the version for Python; td reads the binary one \(…-binary.tar.gz\)$/,
    );
    await expect(fetchRecords(smallCifar10().store, join(folder, 'python.tar.gz'), SILENT)).rejects.toThrow(
      /python.tar.gz is not set.tar.gz as published: it is the version for Python; /,
    );
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['empty', Buffer.alloc(0), /batch_2.bin of .* holds 0 bytes, .*: it is empty, /],
    ['a pointer', POINTER, /batch_2.bin of .* holds \d+ bytes, .*: it is a Git LFS pointer, /],
    ['cut short', Buffer.alloc(3072), /batch_2.bin of .* holds 3072 bytes, expected whole records of 3073/],
  ])('is refused if one of its files is %s, in a folder and in an archive', async (_, content, message) => {
    const { files } = smallCifar10();
    // What it lacks the others have: joined they would be whole records.
    const changed = { ...files, 'batch_2.bin': content, 'batch_1.bin': Buffer.alloc(3073 * 3) };
    const entries = Object.entries(changed).map(([name, bytes]) => ({
      path: `set-bin/${name}`,
      content: bytes,
    }));
    const folder = writeFiles({ ...changed, 'set.tar': makeTar(entries) });
    for (const path of [folder, join(folder, 'set.tar')]) await expect(load(path)).rejects.toThrow(message);
  });
});
