/** @file Runs an exported network in onnxruntime, from the bytes that a user would load. */
import { countEvaluationBatches, fillEvaluationBatch } from '../data/batches.ts';
import type { ImageShape, Split } from '../data/types.ts';
import { ort } from '../engines/onnx/runtime.ts';
import { orThrow } from '../lookup.ts';
import { ONNX_INPUT, ONNX_OUTPUT } from './formats/onnx.ts';
import { transposeAxes } from './transpose.ts';

const BATCH = 250;
const LOG_ERRORS_ONLY = 3;

export class ExportedSession {
  private constructor(private readonly session: ort.InferenceSession) {}

  /** @param threads inside an operation; onnxruntime's own choice if absent */
  static async open(onnx: Uint8Array, threads?: number): Promise<ExportedSession> {
    return new ExportedSession(
      await ort.InferenceSession.create(onnx, {
        executionProviders: ['cpu'],
        logSeverityLevel: LOG_ERRORS_ONLY,
        // Threads that wait for more work by spinning would take the processor from the next network that is timed.
        extra: { session: { force_spinning_stop: '1' } },
        ...(threads === undefined ? {} : { intraOpNumThreads: threads, interOpNumThreads: 1 }),
      }),
    );
  }

  /**
   * @param images `[batch, channels, height, width]`
   * @returns `[batch, classes]`
   */
  async run(images: Float32Array, shape: readonly number[]): Promise<Float32Array> {
    const results = await this.session.run({ [ONNX_INPUT]: new ort.Tensor('float32', images, shape) });
    return orThrow(results[ONNX_OUTPUT], 'the network gave no logits').data as Float32Array;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/** Images of a split in batches, as td's own evaluation sees them. */
export interface ImageBatch {
  /** `[count, height, width, channels]` */
  readonly images: Float32Array;
  readonly labels: Int32Array;
  readonly count: number;
}

/**
 * @param isRaw whether images are pixels from 0 to 255
 * @param most images, from the first
 */
export function* batchesOf(split: Split, isRaw: boolean, most = split.count): Generator<ImageBatch> {
  const size = split.images.length / split.labels.length;
  const total = Math.min(split.count, most);
  for (let batch = 0; batch < countEvaluationBatches(total, BATCH); batch++) {
    const count = Math.min(BATCH, total - batch * BATCH);
    const [images, labels] = [new Float32Array(count * size), new Int32Array(count)];
    fillEvaluationBatch(split, batch * BATCH, images, labels, new Float32Array(count));
    if (isRaw)
      for (let slot = 0; slot < count; slot++) {
        const own = split.members?.[batch * BATCH + slot] ?? batch * BATCH + slot;
        images.set(split.images.subarray(own * size, (own + 1) * size), slot * size);
      }
    yield { images, labels, count };
  }
}

/** The share of images that a network classifies correctly, 0 to 1. */
export async function measureAccuracy(
  session: ExportedSession,
  split: Split,
  imageShape: ImageShape,
  { isRaw, onBatch }: { readonly isRaw: boolean; onBatch?(images: number): void },
): Promise<number> {
  let correct = 0;
  for (const { images, labels, count } of batchesOf(split, isRaw)) {
    const logits = await runOnImages(session, images, imageShape, count);
    const classes = logits.length / count;
    for (const [index, label] of labels.entries())
      if (indexOfLargest(logits.subarray(index * classes, (index + 1) * classes)) === label) correct++;
    onBatch?.(count);
  }
  return correct / split.count;
}

/** @param images `[count, height, width, channels]` */
export function runOnImages(
  session: ExportedSession,
  images: Float32Array,
  imageShape: ImageShape,
  count: number,
): Promise<Float32Array> {
  const { data, shape } = transposeAxes(images, [count, ...imageShape], [0, 3, 1, 2]);
  return session.run(data, shape);
}

/** The first of equal ones. */
function indexOfLargest(numbers: Float32Array): number {
  return numbers.reduce((best, number, index) => (number > (numbers[best] ?? Number.NaN) ? index : best), 0);
}
