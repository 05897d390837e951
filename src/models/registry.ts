/** @file Finds a model's implementation by the name in its settings. */
import type { ModelSettings } from '../config/schema.ts';
import { createLenet } from './lenet.ts';
import { createMlp } from './mlp.ts';
import { createResnet } from './resnet.ts';
import type { Model } from './types.ts';
import { createVgg } from './vgg.ts';

/**
 * The model that the settings describe. A name without a case here does not compile.
 *
 * @param imageShape `[height, width, channels]`
 * @throws UserError if the model cannot take images of this shape
 */
export function createModel(
  settings: ModelSettings,
  imageShape: readonly [number, number, number],
  classes: number,
): Model {
  switch (settings.name) {
    case 'mlp':
      return createMlp(settings, imageShape, classes);
    case 'lenet':
      return createLenet(settings, imageShape, classes);
    case 'resnet':
      return createResnet(settings, imageShape, classes);
    case 'vgg':
      return createVgg(settings, imageShape, classes);
  }
}
