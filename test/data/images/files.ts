/** @file Folders of small PNG pictures, made for tests. */
import { encode } from 'fast-png';
import { writeFiles } from '../cifar-files.ts';

/** A PNG picture of one grey. */
export function greyPng(value: number, width = 2, height = 2): Buffer {
  const data = new Uint8Array(width * height).fill(value);
  return Buffer.from(encode({ width, height, channels: 1, data }));
}

/** Pictures of one grey each, by path. */
export function writePictures(values: Readonly<Record<string, number>>): string {
  return writeFiles(
    Object.fromEntries(Object.entries(values).map(([path, value]) => [path, greyPng(value)])),
  );
}
