/** @file A data set of a plugin, held to its contract: what was loaded is looked at once, before anything is trained on it. */
import { UserError } from '../errors.ts';
import type { Dataset, DatasetFacts, Split } from './types.ts';

type Refuse = (text: string) => never;

/**
 * @param facts what the data set's `describe` says of it
 * @param where names the plugin, in errors
 * @returns the data set
 * @throws UserError if arrays have another type or length than their number of images, a label is none of the classes, the form is not
 *   the one that was described, or there is more than `load` is to bring
 */
export function datasetHeldToContract(
  dataset: Dataset,
  facts: Partial<DatasetFacts>,
  where: string,
): Dataset {
  const refuse = (text: string): never => {
    throw new UserError(`${where}: load returned ${text}`);
  };
  if (typeof dataset !== 'object' || dataset === null) refuse('no data set, expected an object');
  const { imageShape, classes, train, test } = dataset;
  if (!(Array.isArray(imageShape) && imageShape.length === 3 && imageShape.every(isCount)))
    refuse(`the imageShape ${JSON.stringify(imageShape)}, expected [height, width, channels]`);
  if (!(isCount(classes) && classes >= 2))
    refuse(`the classes ${String(classes)}, expected a number of at least 2`);
  if (classes > MOST_CLASSES) refuse(`${classes} classes, expected at most ${MOST_CLASSES}`);
  requireClassNames(dataset, refuse);
  if (dataset.validation !== undefined)
    refuse('a validation split, expected none: dataset.validation of an experiment asks for it');
  requireSplit('train', train, dataset, refuse);
  requireSplit('test', test, dataset, refuse);
  requireDescribed(dataset, facts, refuse);
  return dataset;
}

/** Labels are words of 16 bits. */
const MOST_CLASSES = 2 ** 16;

function requireClassNames({ classes, classNames }: Dataset, refuse: Refuse): void {
  if (classNames === undefined) return;
  if (!(Array.isArray(classNames) && classNames.every((name) => typeof name === 'string')))
    refuse('classNames that are no list of texts, expected one for each class');
  if (classNames.length !== classes)
    refuse(`${classNames.length} classNames, expected one for each of the ${classes} classes`);
}

/** What td adds to splits, and the setting that asks for it: where a data set brought it, it would be lost, or hold for other runs, too. */
const OF_SETTINGS = {
  members: 'dataset.validation',
  normalization: 'dataset.normalization',
  augmentation: 'dataset.augmentation',
} as const;

function requireSplit(name: string, split: Split, { imageShape, classes }: Dataset, refuse: Refuse): void {
  if (typeof split !== 'object' || split === null) refuse(`no ${name}, expected { count, images, labels }`);
  for (const [key, setting] of Object.entries(OF_SETTINGS))
    if (split[key as keyof typeof OF_SETTINGS] !== undefined)
      refuse(`${key} in ${name}, expected none: ${setting} of an experiment asks for it`);
  const { count, images, labels } = split;
  if (!isCount(count)) refuse(`the number of images ${String(count)} in ${name}, expected 1 or more`);
  // Floats would be divided by 255 again.
  if (!(images instanceof Uint8Array))
    refuse(`images of ${name} that are no Uint8Array, expected bytes from 0 to 255`);
  if (!(labels instanceof Uint8Array || labels instanceof Uint16Array))
    refuse(
      `labels of ${name} that are no Uint8Array, expected one, or a Uint16Array where there are more than 256 classes`,
    );
  const size = imageShape.reduce((product, extent) => product * extent, 1);
  if (images.length !== count * size)
    refuse(
      `${images.length} bytes as images of ${name}, expected ${count} of [${imageShape.join(', ')}], ${count * size} bytes`,
    );
  if (labels.length !== count)
    refuse(`${labels.length} labels of ${name}, expected one for each of its ${count} images`);
  const wrong = labels.find((label) => label >= classes);
  if (wrong !== undefined) refuse(`the label ${wrong} in ${name}, expected labels from 0 to ${classes - 1}`);
}

function requireDescribed(
  { imageShape, classes, train, test }: Dataset,
  facts: Partial<DatasetFacts>,
  refuse: Refuse,
): void {
  const loaded = { imageShape, classes, trainImages: train.count, testImages: test.count };
  for (const [name, value] of Object.entries(loaded)) {
    const described = facts[name as keyof typeof loaded];
    if (described !== undefined && String(described) !== String(value))
      refuse(`${name} ${String(value)}, expected ${String(described)}, as describe says`);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
