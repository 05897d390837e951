/** @file From a trained network to the files that a user takes away: pruned, compacted, checked against td itself. */
import type { Dataset } from '../data/types.ts';
import type { Engine } from '../engines/types.ts';
import { prunedWeights } from '../methods/pruned-weights.ts';
import type { Criterion } from '../pruning/criteria/criterion.ts';
import type { Granularity } from '../pruning/types.ts';
import { rankedWeights } from '../sweeps/sweep-network.ts';
import type { OpenNetwork } from '../sweeps/trained-networks.ts';
import { compactNetwork } from './compact.ts';
import { foldBatchNorms } from './fold.ts';
import { encodeOnnx } from './formats/onnx.ts';
import type { ExportedFile, ExportFormat, Metadata } from './formats/types.ts';
import { compareLogits, type LogitDifference } from './masked-logits.ts';
import { type Network, type NetworkSize, sizeOfNetwork } from './network.ts';
import { describePreprocessing, withPreprocessing } from './preprocessing.ts';
import { readNetwork } from './read-network.ts';
import { ExportedSession, measureAccuracy } from './session.ts';

/** A rounding error of 32 bits is below this share of the largest logit by far. */
const LARGEST_DIFFERENCE = 1e-4;

/** How a network is pruned before it is exported. */
export interface ExportedPruning {
  readonly granularity: Granularity;
  /** 0 to 1. */
  readonly pruneRate: number;
  /** What ranks, if it is not what a sweep ranks by. */
  readonly criterion?: Criterion;
}

export interface ExportChoice {
  readonly pruning: ExportedPruning;
  /** Whether batch normalisation is taken into kernels and biases. */
  readonly fold: boolean;
  /** Whether the network takes pixels from 0 to 255. */
  readonly preprocessing: boolean;
  /** Whether kernels are stored without their zeros. */
  readonly sparse: boolean;
  readonly format: ExportFormat;
}

export interface Exported {
  readonly files: readonly ExportedFile[];
  readonly metadata: Metadata;
  /** Of the network as it was trained, and as it is exported. */
  readonly sizes: { readonly dense: NetworkSize; readonly exported: NetworkSize };
  /** Of the exported network on the test images, 0 to 1. */
  readonly accuracy: number;
  readonly difference: LogitDifference;
}

/** A network that is pruned and compacted, with its size as it was trained. */
export interface PrunedLayers {
  readonly layers: Network;
  readonly dense: NetworkSize;
  /** Of the network in which what is pruned is zero. */
  readonly parameters: ReturnType<typeof prunedWeights>['parameters'];
}

/** @throws UserError if the model uses an operation that exported files have no layer for */
export async function pruneToLayers(
  network: OpenNetwork,
  { granularity, pruneRate, criterion }: ExportedPruning,
  fold: boolean,
): Promise<PrunedLayers> {
  const { model, regularizer, state, names } = network;
  const kept = criterion?.keep(await rankedWeights(network, criterion), granularity, pruneRate, names.seed);
  const { parameters } = prunedWeights(model, regularizer, state, granularity, pruneRate, 'dense', kept);
  const masked = readNetwork(model, parameters);
  const compact = compactNetwork(masked);
  return {
    layers: fold ? foldBatchNorms(compact) : compact,
    dense: sizeOfNetwork(fold ? foldBatchNorms(masked) : masked),
    parameters,
  };
}

/**
 * Exports a network. It is run as a user would run it: the accuracy in its metadata is that of the exported network.
 *
 * @param engine computes the pruned network in td, with whose logits those of the exported one are compared
 * @param onImages told how many images were classified
 * @throws UserError as `pruneToLayers`
 * @throws Error if the logits differ by more than rounding
 */
export async function exportNetwork(
  engine: Engine,
  network: OpenNetwork,
  facts: Metadata,
  { pruning, fold, preprocessing, sparse, format }: ExportChoice,
  onImages: (done: number) => void = () => {},
): Promise<Exported> {
  const { dataset, model } = network;
  const { layers, dense, parameters } = await pruneToLayers(network, pruning, fold);
  const difference = await checkLogits(engine, model, parameters, layers, dataset);
  const normalization = dataset.test.normalization ?? 'scale';
  const exported = preprocessing ? withPreprocessing(layers, normalization) : layers;
  const accuracy = await classify(exported, dataset, preprocessing, onImages);
  const sizes = { dense, exported: sizeOfNetwork(exported) };
  const metadata: Metadata = {
    ...facts,
    granularity: pruning.granularity,
    prune_rate: String(pruning.pruneRate),
    criterion: pruning.criterion?.id ?? 'magnitude',
    test_accuracy: String(accuracy),
    test_images: String(dataset.test.count),
    parameters: String(sizes.exported.parameters),
    multiply_adds: String(sizes.exported.multiplyAdds),
    input: `float32 [${format.layout}]`,
    preprocessing: describePreprocessing(normalization, preprocessing),
    ...(dataset.classNames === undefined ? {} : { class_names: JSON.stringify(dataset.classNames) }),
  };
  return { files: format.encode(exported, metadata, sparse), metadata, sizes, accuracy, difference };
}

async function checkLogits(
  engine: Engine,
  model: OpenNetwork['model'],
  parameters: PrunedLayers['parameters'],
  layers: Network,
  dataset: Dataset,
): Promise<LogitDifference> {
  const session = await ExportedSession.open(encodeOnnx(layers, {}));
  try {
    const difference = await compareLogits(engine, model, parameters, session, dataset);
    const { largest, scale } = difference;
    if (largest <= LARGEST_DIFFERENCE * Math.max(1, scale)) return difference;
    throw new Error(`the exported network differs from the pruned one: logits by ${largest}, of ${scale}`);
  } finally {
    await session.release();
  }
}

async function classify(
  layers: Network,
  { test, imageShape }: Dataset,
  isRaw: boolean,
  onImages: (done: number) => void,
): Promise<number> {
  const session = await ExportedSession.open(encodeOnnx(layers, {}));
  let done = 0;
  const onBatch = (images: number): void => {
    done += images;
    onImages(done);
  };
  try {
    return await measureAccuracy(session, test, imageShape, { isRaw, onBatch });
  } finally {
    await session.release();
  }
}
