/** @file Loads a folder of images: each decoded and brought to one size. */
import { relative } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { UserError } from '../../errors.ts';
import type { Stage, StartStage } from '../../progress.ts';
import { describeContent } from '../content.ts';
import { readDataFile } from '../files.ts';
import type { Dataset, ImageShape, Labels, Split } from '../types.ts';
import type { ImageFile, ImageFolder } from './folder.ts';
import { decodeJpegPicture } from './jpeg.ts';
import type { Picture } from './picture.ts';
import { decodePngPicture } from './png.ts';
import { resizePicture } from './resize.ts';

/** Bytes of all images together, 8 GiB; with more the settings ask for another size than was meant. */
const LARGEST_DATASET = 2 ** 33;

/** Names of classes in a line. */
const SHOWN_CLASSES = 10;

/** Milliseconds after which the bar is drawn anew. */
const DRAWING_INTERVAL = 100;

/**
 * Reads all images.
 *
 * @param root to which names in the progress bar are relative
 * @throws UserError naming the file if one is damaged or no image, or if they would not fit into memory
 */
export async function loadImages(
  name: string,
  root: string,
  { classNames, train, test }: ImageFolder,
  imageShape: ImageShape,
  startStage: StartStage,
): Promise<Dataset> {
  const count = train.length + test.length;
  const imageBytes = imageShape.reduce((product, extent) => product * extent, 1);
  if (count * imageBytes > LARGEST_DATASET)
    throw new UserError(
      `${count} images of ${imageShape.join('×')} take ${count * imageBytes} bytes, expected at most ${LARGEST_DATASET}; a smaller dataset.size takes less`,
    );
  const stage = startStage(`decoding ${count} images of ${root}, ${describeClasses(classNames)}`, count);
  const progress = new Progress(stage, root);
  try {
    const read = (files: readonly ImageFile[]) => readSplit(files, classNames.length, imageShape, progress);
    const splits = { train: await read(train), test: await read(test) };
    return { name, imageShape, classes: classNames.length, classNames, ...splits };
  } finally {
    stage.stop();
  }
}

/** `3 classes (cat, dog, fox)` */
function describeClasses(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_CLASSES).join(', ');
  return `${names.length} classes (${names.length > SHOWN_CLASSES ? `${shown}, …` : shown})`;
}

/** Shows how many images are done. */
class Progress {
  private done = 0;
  private drawn = performance.now();

  constructor(
    private readonly stage: Stage,
    private readonly root: string,
  ) {}

  /** Decoding blocks; this lets the bar be drawn and the process be interrupted. */
  async count(path: string): Promise<void> {
    this.done++;
    if (performance.now() - this.drawn < DRAWING_INTERVAL) return;
    this.stage.update(this.done, relative(this.root, path));
    await setImmediate();
    this.drawn = performance.now();
  }
}

async function readSplit(
  files: readonly ImageFile[],
  classes: number,
  imageShape: ImageShape,
  progress: Progress,
): Promise<Split> {
  const imageBytes = imageShape.reduce((product, extent) => product * extent, 1);
  const images = new Uint8Array(files.length * imageBytes);
  const labels: Labels = classes <= 256 ? new Uint8Array(files.length) : new Uint16Array(files.length);
  for (const [index, { path, label }] of files.entries()) {
    resizePicture(await readPicture(path), imageShape, images, index * imageBytes);
    labels[index] = label;
    await progress.count(path);
  }
  return { count: files.length, images, labels };
}

/** What a file is, its content says, not its name. */
async function readPicture(path: string): Promise<Picture> {
  const bytes = readDataFile(path);
  if (bytes === undefined) throw new UserError(`${path} is gone`);
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return decodePngPicture(bytes, path);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return decodeJpegPicture(bytes, path);
  const content = describeContent(bytes);
  throw new UserError(`${path} is no PNG or JPEG image${content === undefined ? '' : `: ${content}`}`);
}
