/** @file The data sets that td knows: one line each, in the order in which they are listed. */
import { z } from 'zod';
import { Registry } from '../registry.ts';
import { choiceOf } from '../settings/choice.ts';
import type { DatasetDefinition } from './definition.ts';
import { cifar10 } from './sets/cifar10.ts';
import { cifar100 } from './sets/cifar100.ts';
import { fashionMnist } from './sets/fashion-mnist.ts';
import { images } from './sets/images.ts';
import { mnist } from './sets/mnist.ts';

const BUILT_IN = [mnist, fashionMnist, cifar10, cifar100, images] as const;

export const datasets = new Registry<DatasetDefinition>('data set', BUILT_IN);

/** The settings of all data sets, told apart by `name`: mnist if absent. One that is registered later needs a new schema. */
export function datasetSchema() {
  return z.preprocess(withName, choiceOf<typeof BUILT_IN>(datasets));
}

export type DatasetSettings = z.output<ReturnType<typeof datasetSchema>>;

/** Whether its images are published ones that come with td: their hashes are checked whenever they are loaded, so that they are always the same. */
export function isPinned({ name, path }: DatasetSettings): boolean {
  return path === undefined && BUILT_IN.some((dataset) => dataset.name === name);
}

function withName(settings: unknown): unknown {
  const isMap = typeof settings === 'object' && settings !== null && !Array.isArray(settings);
  return isMap && !('name' in settings) ? { name: mnist.name, ...settings } : settings;
}
