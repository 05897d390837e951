/** @file What a device is checked for: whether its steps are right, how long they take, whether it learns. */

import { execFileSync } from 'node:child_process';
import { sizeOf } from '../../src/arrays.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { loadDataset } from '../../src/data/load.ts';
import type { Dataset } from '../../src/data/types.ts';
import { LARGEST_SHARE } from '../../src/engines/onnx/webgpu/agreement.ts';
import { compareFirstStep } from '../../src/engines/onnx/webgpu/self-test.ts';
import type { Engine } from '../../src/engines/types.ts';
import { median } from '../../src/median.ts';
import { fillUniform } from '../../src/random/streams.ts';
import { TrainingProgram } from '../../src/training/program.ts';
import { prepareTraining } from '../../src/training/setup.ts';
import { train } from '../../src/training/train.ts';
import { describeStep } from '../peers/td-runner.ts';
import { type Comparand, listComparands, taskOf, VARIANTS, WORKLOADS } from '../peers/workloads.ts';

/** What a device did in one network's training step, or why it did not. */
export interface StepCheck {
  readonly network: string;
  readonly variant: string;
  readonly batchSize: number;
  /** Of the first step from the processor's, at most 0.1 if it is right: see src/engines/onnx/webgpu/agreement.ts. */
  readonly difference?: number;
  readonly where?: string;
  readonly isRight: boolean;
  readonly compileMilliseconds?: number;
  /** The device's second step at the earliest: drivers compile during the first. */
  readonly stepMilliseconds?: number;
  readonly steps?: number;
  /** Megabytes in use on the card after the steps, by all that runs there; NVIDIA only. */
  readonly cardMegabytes?: number;
  readonly failure?: string;
}

/** What is said of what was not begun because the time of the check was up. */
export const TIME_IS_UP = 'not checked: the time is up';

export interface CheckLimits {
  /** Milliseconds since 1970 after which nothing more is begun. */
  readonly deadline?: number;
  /** Time for the steps of a network, after the first. */
  readonly seconds: number;
  readonly steps: number;
}

/** Networks of the paper and of its comparison with PyTorch (scripts/peers). */
export const CHECKED_NETWORKS = ['lenet', 'resnet20', 'resnet32', 'vgg16'] as const;

/** The training steps that are checked. */
export function listChecks(networks: readonly string[]): Comparand[] {
  return listComparands(
    WORKLOADS.filter(({ name }) => networks.includes(name)),
    VARIANTS,
    ['step'],
  );
}

export function isTimeUp({ deadline }: CheckLimits): boolean {
  return deadline !== undefined && Date.now() >= deadline;
}

/** Seconds that an epoch may take. */
export function secondsForEpoch({ deadline }: CheckLimits, most: number): number {
  return deadline === undefined ? most : Math.max(1, Math.min(most, (deadline - Date.now()) / 1000));
}

/** @param reference the engine of the processor */
export async function checkStep(
  comparand: Comparand,
  engine: Engine,
  reference: Engine,
  limits: CheckLimits,
): Promise<StepCheck> {
  const { workload, variant } = comparand;
  const subject = { network: workload.name, variant, batchSize: workload.batchSize };
  if (isTimeUp(limits)) return { ...subject, isRight: false, failure: TIME_IS_UP };
  try {
    return { ...subject, ...(await measureStep(comparand, engine, reference, limits)) };
  } catch (error) {
    return { ...subject, isRight: false, failure: error instanceof Error ? error.message : String(error) };
  }
}

async function measureStep(
  comparand: Comparand,
  engine: Engine,
  reference: Engine,
  { seconds, steps }: CheckLimits,
): Promise<Omit<StepCheck, 'network' | 'variant' | 'batchSize'>> {
  const described = await describeStep(taskOf(comparand, 0));
  const program = await TrainingProgram.compile(engine, described.training, described.createState());
  const { compileMilliseconds } = program;
  try {
    const feeds = described.createFeeds();
    described.fillNoise(feeds, 0);
    const { difference } = await compareFirstStep(program.program, reference, described.training, feeds);
    const times: number[] = [];
    const end = performance.now() + 1000 * seconds;
    do {
      const start = performance.now();
      described.fillNoise(feeds, times.length + 1);
      await program.runOn(feeds);
      times.push(performance.now() - start);
    } while (times.length < steps && performance.now() < end);
    const cardMegabytes = readCardMegabytes();
    return {
      difference: difference.share,
      where: difference.where,
      isRight: difference.share <= LARGEST_SHARE,
      compileMilliseconds,
      stepMilliseconds: median(times),
      steps: times.length,
      ...(cardMegabytes === undefined ? {} : { cardMegabytes }),
    };
  } finally {
    program.dispose();
  }
}

export interface EpochCheck {
  readonly network: string;
  readonly images: string;
  readonly seconds?: number;
  readonly steps?: number;
  /** On the test images, 0 to 1. */
  readonly accuracy?: number;
  readonly failure?: string;
}

/** An epoch of LeNet-300-100 with targeted dropout on MNIST, which comes with the program: over 90 % if the device learns. */
export async function checkLearning(engine: Engine, seconds: number): Promise<EpochCheck> {
  const settings = runSettingsSchema.parse({
    dataset: { name: 'mnist' },
    model: { name: 'mlp' },
    regularizer: { name: 'targeted', granularity: 'weight' },
    schedule: { epochs: 1, learningRate: 0.1, batchSize: 128 },
  });
  const images = 'MNIST';
  return timeEpoch('mlp', images, engine, settings, await loadDataset(settings.dataset), seconds);
}

/** An epoch of the network of configs/quick/cifar-resnet.yaml on as many random images of its size. */
export async function checkEpoch(engine: Engine, seconds: number): Promise<EpochCheck> {
  const settings = runSettingsSchema.parse({
    dataset: { name: 'cifar10' },
    model: { name: 'resnet', filters: [16, 16, 32, 64, 128], units: 1, batchNorm: { momentum: 0.99 } },
    regularizer: { name: 'targeted', granularity: 'weight' },
    schedule: {
      optimizer: { name: 'momentum', momentum: 0.9 },
      learningRate: 0.01,
      batchSize: 128,
      epochs: 1,
      weightDecay: 5e-4,
      gradientClip: 1,
    },
  });
  return timeEpoch('quick/cifar-resnet', 'random', engine, settings, randomCifar(), seconds);
}

async function timeEpoch(
  network: string,
  images: string,
  engine: Engine,
  settings: Parameters<typeof train>[0]['settings'],
  dataset: Dataset,
  seconds: number,
): Promise<EpochCheck> {
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  let steps = 0;
  let accuracy = Number.NaN;
  try {
    const signal = AbortSignal.timeout(1000 * seconds);
    const training = await prepareTraining({ settings, seed: 0 }, dataset);
    for await (const event of train(training, { engine, signal })) {
      if (event.kind === 'step') steps++;
      if (event.kind === 'epoch') accuracy = event.test.accuracy;
    }
    return { network, images, seconds: elapsed(), steps, accuracy };
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    const reason = error instanceof Error ? error.message : String(error);
    return {
      network,
      images,
      steps,
      seconds: elapsed(),
      failure: isLate ? `not done after ${Math.round(seconds)} s and ${steps} steps` : reason,
    };
  }
}

function randomCifar(): Dataset {
  const imageShape = [32, 32, 3] as const;
  const split = (count: number, purpose: string) => {
    // The same thousand images again and again: what a step takes does not depend on them.
    const numbers = new Float32Array(1000 * sizeOf(imageShape));
    fillUniform({ seed: 0, purpose, index: 0 }, numbers);
    const images = new Uint8Array(count * sizeOf(imageShape));
    for (let index = 0; index < images.length; index++)
      images[index] = 256 * (numbers[index % numbers.length] ?? 0);
    return {
      count,
      images,
      labels: Uint8Array.from({ length: count }, (_, index) => index % 10),
      normalization: 'standardize' as const,
      augmentation: { name: 'crop-flip' as const, imageShape },
    };
  };
  return {
    name: 'random',
    imageShape,
    classes: 10,
    train: split(50_000, 'train'),
    test: split(10_000, 'test'),
  };
}

/** Of the first card. */
function readCardMegabytes(): number | undefined {
  try {
    const flags = ['--query-gpu=memory.used', '--format=csv,noheader,nounits'];
    const text = execFileSync('nvidia-smi', flags, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const megabytes = Number.parseInt(text, 10);
    return Number.isFinite(megabytes) ? megabytes : undefined;
  } catch {
    return undefined;
  }
}
