/** @file Multi-layer perceptron; LeNet-300-100 with its default widths. */
import type { ModelSettings, SettingsOf } from '../config/schema.ts';
import { createClassifier } from './classifier.ts';
import type { Model } from './types.ts';

/**
 * Dense layers `dense1` … `denseN` with ReLU, then `logits`, on flattened images.
 * All hidden kernels are prunable: there is no first convolution to exempt.
 *
 * @param imageShape `[height, width, channels]`
 */
export function createMlp(
  settings: SettingsOf<ModelSettings, 'mlp'>,
  imageShape: readonly [number, number, number],
  classes: number,
): Model {
  const [height, width, channels] = imageShape;
  const classifier = createClassifier(height * width * channels, settings.widths, classes, {
    kind: settings.initializer,
  });
  return { inputShape: imageShape, classes, ...classifier };
}
