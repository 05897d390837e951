/** @file What is compared: networks, batches, variants, and the settings that all sides are given. */
import { type RunSettings, runSettingsSchema } from '../../src/config/schema.ts';
import { precisionOf, type Side } from './sides.ts';

/** A network on batches of one shape. */
export interface Workload {
  readonly name: string;
  readonly model: RunSettings['model'];
  /** `[height, width, channels]` */
  readonly imageShape: readonly [number, number, number];
  readonly classes: number;
  /** Whose images its batch is of; absent: noise, as standardised images of colours nearly are. */
  readonly dataset?: 'mnist';
  readonly batchSize: number;
  /** Convolutions and products that lie one behind the other. */
  readonly layers: number;
  /** How far two correct sides of float32 may differ, relative to what a step changes (see tolerances.ts). */
  readonly tolerance: number;
  /** Runs in one turn of a side: as many as make a turn long against the timer, and a round short against what else the machine does. */
  readonly runsPerTurn: number;
}

export const VARIANTS = ['none', 'targeted-weight'] as const;
export type Variant = (typeof VARIANTS)[number];

export const SUBJECTS = ['step', 'evaluation'] as const;
/** A training step, or an evaluation of one batch. */
export type Subject = (typeof SUBJECTS)[number];

export const IMAGES = ['own', 'noise'] as const;
/** What batches are of: each workload's own data set, where it has one, or noise. */
export type Images = (typeof IMAGES)[number];

/** `mnist`, or `noise` */
export function imagesOf({ dataset }: Workload, images: Images): 'mnist' | 'noise' {
  return images === 'own' && dataset !== undefined ? dataset : 'noise';
}

/** What a process of any side is started with, as JSON. */
export interface PeerTask {
  readonly what: Subject;
  readonly settings: Pick<RunSettings, 'model' | 'regularizer' | 'schedule' | 'precision'>;
  readonly imageShape: readonly [number, number, number];
  readonly classes: number;
  readonly threads: number;
  /** The file of the images and labels that a batch has (batch.ts); null: noise of the process's own. */
  readonly batch: string | null;
}

/** What the sides are compared in. */
export interface Comparand {
  readonly workload: Workload;
  /** Evaluation uses the weights as they are, whatever the variant. */
  readonly variant: Variant | 'any';
  readonly what: Subject;
}

/** Small against the weights, so that no loss leaves the finite numbers while steps are timed. */
const LEARNING_RATE = 0.05;
const MOMENTUM = 0.9;
/** As in the paper's code for its ResNet. */
const GRADIENT_CLIP = 1;
/** Some ten times the usual, so that the comparison would notice if it were missing. */
const WEIGHT_DECAY = 5e-3;
/**
 * Among millions of activations some lie so near to 0 that rounding decides whether ReLU lets them pass; and PyTorch adds
 * up the norm of large arrays in single precision, which costs it up to 1e-3.
 */
const DEEP_TOLERANCE = 2e-2;
/**
 * Its last images have 2 × 2 pixels, so that few activations weigh much: in the third step with targeted dropout PyTorch and TensorFlow
 * change a kernel alike, and differ by 2.5 % of it from onnxruntime, which is nearer to PyTorch in float64.
 */
const VGG_TOLERANCE = 4e-2;

const parseModel = (model: unknown): RunSettings['model'] => runSettingsSchema.parse({ model }).model;

const MNIST = {
  imageShape: [28, 28, 1],
  classes: 10,
  dataset: 'mnist',
  batchSize: 128,
  tolerance: 1e-3,
} as const;
const CIFAR = { imageShape: [32, 32, 3], classes: 10, batchSize: 128, tolerance: DEEP_TOLERANCE } as const;

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'mlp',
    model: parseModel({ name: 'mlp', widths: [300, 100] }),
    layers: 3,
    ...MNIST,
    runsPerTurn: 100,
  },
  {
    name: 'lenet',
    model: parseModel({ name: 'lenet', filters: [20, 50], widths: [500] }),
    layers: 4,
    ...MNIST,
    runsPerTurn: 20,
  },
  {
    name: 'resnet20',
    model: parseModel({ name: 'resnet', filters: [16, 16, 32, 64], units: 3 }),
    layers: 20,
    ...CIFAR,
    runsPerTurn: 4,
  },
  {
    name: 'resnet32',
    model: parseModel({ name: 'resnet', filters: [16, 32, 64, 128], units: 5 }),
    layers: 32,
    ...CIFAR,
    runsPerTurn: 2,
  },
  {
    name: 'vgg16',
    model: parseModel({ name: 'vgg' }),
    layers: 16,
    ...CIFAR,
    tolerance: VGG_TOLERANCE,
    classes: 100,
    batchSize: 64,
    runsPerTurn: 2,
  },
];

/** Rows in the order in which they are measured: the steps of all variants of a workload, then its evaluation. */
export function listComparands(
  workloads: readonly Workload[],
  variants: readonly Variant[],
  subjects: readonly Subject[],
): Comparand[] {
  return workloads.flatMap((workload) => [
    ...(subjects.includes('step')
      ? variants.map((variant) => ({ workload, variant, what: 'step' }) as const)
      : []),
    ...(subjects.includes('evaluation') ? [{ workload, variant: 'any', what: 'evaluation' } as const] : []),
  ]);
}

/** The settings of all sides; alpha and gamma of targeted dropout are 0.66 and 0.75. */
export function taskOf(
  { workload, variant, what }: Comparand,
  threads: number,
  batch: string | null = null,
): PeerTask {
  const { model, regularizer, schedule, precision } = runSettingsSchema.parse({
    model: workload.model,
    regularizer:
      variant === 'targeted-weight'
        ? { name: 'targeted', granularity: 'weight', dropRate: 0.66, targetRate: 0.75 }
        : { name: 'none' },
    schedule: {
      optimizer: { name: 'momentum', momentum: MOMENTUM },
      learningRate: LEARNING_RATE,
      batchSize: workload.batchSize,
      weightDecay: WEIGHT_DECAY,
      gradientClip: GRADIENT_CLIP,
    },
  });
  const { imageShape, classes } = workload;
  return { what, settings: { model, regularizer, schedule, precision }, imageShape, classes, threads, batch };
}

/** The task of one of the sides. */
export function taskOfSide(task: PeerTask, side: Side): PeerTask {
  return { ...task, settings: { ...task.settings, precision: precisionOf(side) } };
}

/** `mlp, targeted-weight, step` */
export function describeComparand({ workload, variant, what }: Comparand): string {
  return nameComparand(workload.name, variant, what);
}

export function nameComparand(workload: string, variant: Comparand['variant'], what: Subject): string {
  return [workload, ...(variant === 'any' ? [] : [variant]), what].join(', ');
}
