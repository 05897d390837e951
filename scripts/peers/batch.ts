/** @file Batches of data sets' own images, as files that all sides read. */
import { join } from 'node:path';
import { createArrays, type NamedArrays } from '../../src/arrays.ts';
import type { Signature } from '../../src/compiler/step.ts';
import { fillBatch } from '../../src/data/batches.ts';
import { loadDataset } from '../../src/data/load.ts';
import { datasetSchema } from '../../src/data/registry.ts';
import type { Dataset } from '../../src/data/types.ts';
import { readExchange, writeExchange } from './exchange.ts';
import { type Images, imagesOf, type Workload } from './workloads.ts';

/**
 * Writes a file for each workload that has a data set, unless all are to be fed noise: its first training images, as a training is fed them, and
 * their labels.
 *
 * @returns the paths by workload
 * @throws UserError if a data set cannot be read
 */
export async function writeBatches(
  folder: string,
  workloads: readonly Workload[],
  images: Images,
): Promise<ReadonlyMap<Workload, string>> {
  const paths = new Map<Workload, string>();
  for (const workload of workloads) {
    const name = imagesOf(workload, images);
    if (name === 'noise') continue;
    const path = join(folder, `${workload.name}.safetensors`);
    writeBatch(path, await loadDataset(datasetSchema().parse({ name })), workload);
    paths.set(workload, path);
  }
  return paths;
}

function writeBatch(path: string, { train }: Dataset, { batchSize, imageShape }: Workload): void {
  const signature: Signature = {
    state: {},
    feeds: {
      images: { shape: [batchSize, ...imageShape], dtype: 'float32' },
      labels: { shape: [batchSize], dtype: 'int32' },
    },
  };
  const feeds = createArrays(signature.feeds);
  const first = Uint32Array.from({ length: batchSize }, (_, index) => index);
  fillBatch(train, first, 0, feeds.images as Float32Array, feeds.labels as Int32Array);
  writeExchange(path, { state: {}, feeds }, signature);
}

/**
 * Images and labels of a file.
 *
 * @throws UserError if the file is damaged
 */
export function readBatch(path: string, signature: Signature): NamedArrays {
  return readExchange(path, signature).feeds;
}
