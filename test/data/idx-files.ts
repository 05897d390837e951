/** @file Small IDX files and folders of them, made for tests. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { temporaryFolder } from '../runs/temporary.ts';

/** The bytes of an IDX file; its header announces `shape` whatever follows. */
export function encodeIdx(shape: readonly number[], values: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  for (const [axis, extent] of shape.entries()) header.writeUInt32BE(extent, 4 + 4 * axis);
  return Buffer.concat([header, Buffer.from(values)]);
}

/** Numbers 0, 1, 2 … that wrap round at a modulus. */
export function countUp(length: number, modulus = 256): number[] {
  return Array.from({ length }, (_, index) => index % modulus);
}

/** Three training and two test images of 2 × 3 pixels, by file name. */
export function smallFiles(): Record<string, Buffer> {
  return {
    'train-images-idx3-ubyte': encodeIdx([3, 2, 3], countUp(18)),
    'train-labels-idx1-ubyte': encodeIdx([3], [9, 0, 4]),
    't10k-images-idx3-ubyte': encodeIdx([2, 2, 3], countUp(12)),
    't10k-labels-idx1-ubyte': encodeIdx([2], [1, 7]),
  };
}

/** Writes files to a new folder that is removed when the running test ends. */
export function writeFolder(files: Record<string, Uint8Array>): string {
  const folder = temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return folder;
}

/** The same files with other names and content, file by file. */
export function pack(
  files: Record<string, Buffer>,
  rename: (name: string) => string,
): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [rename(name), gzipSync(bytes)]));
}
