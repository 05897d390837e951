/** @file The models that td knows: one line each, in the order in which they are listed. */
import type { z } from 'zod';
import { Registry } from '../registry.ts';
import { choiceOf } from '../settings/choice.ts';
import type { ModelDefinition } from './definition.ts';
import { lenet } from './lenet.ts';
import { mlp } from './mlp.ts';
import { resnet } from './resnet.ts';
import type { Model } from './types.ts';
import { vgg } from './vgg.ts';
import { wideResnet } from './wide-resnet.ts';

const BUILT_IN = [mlp, lenet, resnet, wideResnet, vgg] as const;

export const models = new Registry<ModelDefinition>('model', BUILT_IN);

/** The settings of all models, told apart by `name`; a model that is registered later needs a new schema. */
export function modelSchema() {
  return choiceOf<typeof BUILT_IN>(models);
}

export type ModelSettings = z.output<ReturnType<typeof modelSchema>>;

/**
 * The model that the settings describe.
 *
 * @param imageShape `[height, width, channels]`
 * @throws UserError if the model cannot take images of this shape
 */
export function createModel(
  settings: ModelSettings,
  imageShape: readonly [number, number, number],
  classes: number,
): Model {
  return models.get(settings.name).create(settings, imageShape, classes);
}

/** `resnet 16-16-32-64, 1 unit a stage` */
export function describeModel(settings: ModelSettings): string {
  return models.get(settings.name).describe(settings);
}
