/** @file Archives: good, broken and hostile. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readArchive } from '../../src/data/archive.ts';
import { UserError } from '../../src/errors.ts';
import { makeTar, type TarEntry, writeFiles } from './cifar-files.ts';

const NOISE = randomBytes(5000);
const GOOD: readonly TarEntry[] = [
  { path: 'set/', type: 'Directory' },
  { path: 'set/other', content: Buffer.from('other') },
  { path: 'set/a', content: NOISE },
  { path: 'set/b', content: Buffer.from('b') },
];

const write = (archive: Uint8Array) => join(writeFiles({ archive }), 'archive');

describe('readArchive', () => {
  it.each([
    ['plain', (tar: Buffer) => tar],
    ['packed', (tar: Buffer) => gzipSync(tar)],
  ])('reads the named files of a %s archive, in the order of the names', async (_, pack) => {
    const [b, a] = await readArchive(write(pack(makeTar(GOOD))), ['set/b', 'set/a']);
    expect(b?.toString()).toBe('b');
    expect(a?.equals(NOISE)).toBe(true);
  });

  it('takes paths that begin with a dot for the same', async () => {
    const [b] = await readArchive(write(makeTar([{ path: './set/b', content: Buffer.from('x') }])), [
      'set/b',
    ]);
    expect(b?.toString()).toBe('x');
  });

  const packed = gzipSync(makeTar(GOOD));
  it.each<[string, Buffer, RegExp]>([
    ['text', Buffer.from('<html>not here</html>'), /cannot be read as a tar archive: /],
    ['nothing', Buffer.alloc(0), /(cannot be read|has no set\/a)/],
    ['a truncated packed one', packed.subarray(0, 3000), /cannot be read as a tar archive: .*unexpected end/],
    ['a truncated plain one', makeTar(GOOD).subarray(0, 4096), /cannot be read as a tar archive: .*runcated/],
    ['a damaged one', Buffer.from(packed).fill(0xff, 300, 310), /cannot be read as a tar archive/],
    ['one without a file', makeTar(GOOD.slice(0, 3)), /archive has no set\/b$/],
    ['one with a file twice', makeTar([...GOOD, { path: 'set/b' }]), /it holds set\/b twice$/],
    [
      'a link in place of a file',
      makeTar([...GOOD.slice(0, 3), { path: 'set/b', type: 'SymbolicLink' }]),
      /set\/b is not a file$/,
    ],
    ['a path above', makeTar([{ path: '../evil' }, ...GOOD]), /its entry "..\/evil" leads out of it$/],
    ['a path above within', makeTar([{ path: 'set/../../evil' }, ...GOOD]), /leads out of it$/],
    [
      'an absolute path',
      makeTar([{ path: '/etc/evil' }, ...GOOD]),
      /its entry "\/etc\/evil" leads out of it$/,
    ],
    ['a drive', makeTar([{ path: 'C:\\evil' }, ...GOOD]), /leads out of it$/],
    ['a huge entry', makeTar([{ path: 'set/b', size: 2 ** 31 }]), /unpacks to more than 1073741824 bytes$/],
    [
      'many large entries',
      makeTar(
        [1, 2, 3]
          .map((n) => ({ path: `set/${n}`, content: Buffer.alloc(512), size: 512 }))
          .concat([{ path: 'set/a', content: Buffer.alloc(0), size: 2 ** 30 }]),
      ),
      /unpacks to more than 1073741824 bytes$/,
    ],
    [
      'more entries than any archive of ours has',
      gzipSync(
        makeTar(
          Array.from({ length: 10_001 }, (_, index) => ({ path: `set/${index}`, content: randomBytes(64) })),
        ),
      ),
      /it has more than 10000 entries$/,
    ],
  ])('refuses %s in one sentence', async (_, archive, message) => {
    const reading = readArchive(write(archive), ['set/a', 'set/b']);
    await expect(reading).rejects.toThrow(UserError);
    await expect(reading).rejects.toThrow(message);
  });

  it('gives up on a bomb long before it is unpacked', async () => {
    const bomb = gzipSync(makeTar([{ path: 'set/other', content: Buffer.alloc(60e6) }]));
    expect(bomb.length).toBeLessThan(100e3);
    const before = process.memoryUsage().arrayBuffers;
    await expect(readArchive(write(bomb), ['set/a'])).rejects.toThrow(/decompression ratio/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30e6);
  });
});
