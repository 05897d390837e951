/** @file The largest difference between the logits of an exported network and those of the pruned network in td itself. */
import type { NamedArrays } from '../arrays.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine } from '../engines/types.ts';
import { orThrow } from '../lookup.ts';
import { plainLayers } from '../models/layers.ts';
import type { Model } from '../models/types.ts';
import { batchesOf, type ExportedSession, runOnImages } from './session.ts';

/** Test images on which logits are compared. */
export const COMPARED_IMAGES = 1000;

export interface LogitDifference {
  /** The largest of all, absolute. */
  readonly largest: number;
  /** The largest logit, absolute, of the network in td. */
  readonly scale: number;
  readonly images: number;
}

/**
 * Runs both networks on test images. That of td has zeros in the place of what is pruned.
 *
 * @param parameters of the pruned network, by name
 */
export async function compareLogits(
  engine: Engine,
  model: Model,
  parameters: NamedArrays,
  session: ExportedSession,
  { test, imageShape }: Dataset,
): Promise<LogitDifference> {
  let [largest, scale, images] = [0, 0, 0];
  for (const batch of batchesOf(test, false, COMPARED_IMAGES)) {
    const own = await runMasked(engine, model, parameters, batch.images, batch.count);
    const exported = await runOnImages(session, batch.images, imageShape, batch.count);
    for (const [index, logit] of own.entries()) {
      scale = Math.max(scale, Math.abs(logit));
      // NaN must not pass for a small difference.
      const difference = Math.abs(logit - (exported[index] ?? Number.NaN));
      largest = difference <= largest ? largest : difference;
    }
    images += batch.count;
  }
  return { largest, scale, images };
}

async function runMasked(
  engine: Engine,
  model: Model,
  parameters: NamedArrays,
  images: Float32Array,
  count: number,
): Promise<Float32Array> {
  const program = await engine.compile(
    (state, feeds) => ({
      state: {},
      fetches: {
        logits: model.forward(
          orThrow(feeds.images, 'the program was given no images'),
          plainLayers(state, false),
        ),
      },
    }),
    {
      state: Object.fromEntries(
        model.parameters.map(({ name, shape }) => [name, { shape, dtype: 'float32' }]),
      ),
      feeds: { images: { shape: [count, ...model.inputShape], dtype: 'float32' } },
    },
  );
  try {
    const own = model.parameters.map(({ name }) => [name, parameters[name]]);
    await program.writeState(Object.fromEntries(own) as NamedArrays);
    const { logits } = await program.run({ images });
    return logits as Float32Array;
  } finally {
    program.dispose();
  }
}
