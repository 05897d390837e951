/** @file The settings of a run, as zod schemas with their defaults. Every key here can be set in YAML and by --set. */
import { z } from 'zod';
import { datasetSchema, datasets } from '../data/registry.ts';
import { methods, regularizerSchema } from '../methods/registry.ts';
import { modelSchema, models } from '../models/registry.ts';
import { parsePruneRates } from '../pruning/rates.ts';
import { PRECISIONS } from '../settings/precision.ts';
import { findRepeated } from '../settings/repeated.ts';
import { count, countTo, listOf, name, point, positive, rate } from '../settings/values.ts';

/** As many as metrics.csv may have rows. */
const MOST_EPOCHS = 100_000;

const optimizer = z.discriminatedUnion('name', [
  z.strictObject({ name: name('sgd') }),
  z.strictObject({ name: name('momentum'), momentum: rate.lt(1).default(0.9) }),
  z.strictObject({ name: name('nesterov'), momentum: rate.lt(1).default(0.9) }),
  z.strictObject({
    name: name('adam'),
    beta1: rate.lt(1).default(0.9),
    beta2: rate.lt(1).default(0.999),
    epsilon: positive.default(1e-8),
  }),
]);

const decay = z.discriminatedUnion('name', [
  z.strictObject({ name: name('constant') }),
  z.strictObject({ name: name('steps'), at: listOf(point, 1, 1000), factor: positive.default(0.1) }),
  z.strictObject({ name: name('cosine'), final: z.number().nonnegative().default(0) }),
]);

const schedule = z.strictObject({
  optimizer: optimizer.prefault({ name: 'momentum' }),
  learningRate: positive.default(0.1),
  /** How the learning rate falls; `steps` multiplies it by `factor` at each point, `cosine` ends at `final`. */
  decay: decay.prefault({ name: 'constant' }),
  /** Linear rise of the learning rate from 0. */
  warmup: point.default(0),
  batchSize: count.default(128),
  epochs: countTo(MOST_EPOCHS).default(10),
  /** Factor of half the squared norm of kernels and biases in the loss. */
  weightDecay: z.number().nonnegative().default(0),
  /** Largest global gradient norm; null leaves gradients as they are. */
  gradientClip: positive.nullable().default(null),
  /** Whose network counts: the last epoch's, or that of the epoch with the highest validation accuracy, the first of several. */
  keep: z.enum(['last', 'best-validation']).default('last'),
});

function assembleRunSettings() {
  return z
    .strictObject({
      dataset: datasetSchema().prefault({}),
      model: modelSchema().prefault({ name: 'mlp' }),
      regularizer: regularizerSchema().prefault({ name: 'none' }),
      schedule: schedule.prefault({}),
      /** Of training steps; what is evaluated, is in float32. */
      precision: z.enum(PRECISIONS).default('float32'),
    })
    .refine(({ dataset, schedule: { keep } }) => keep === 'last' || dataset.validation !== undefined, {
      path: ['schedule', 'keep'],
      error: 'expected "last", or a validation split to choose by, such as "dataset: { validation: 0.1 }"',
    });
}

/**
 * Everything that one training needs, apart from its seed. Whoever imports it has the schema of all that is registered
 * at that moment; a part that is kept, such as its `shape`, knows nothing of later registrations.
 */
export let runSettingsSchema = assembleRunSettings();

for (const registry of [datasets, models, methods]) {
  registry.onRegister(() => {
    runSettingsSchema = assembleRunSettings();
  });
}

/** Devices of Windows, and endings of the files that lie beside these folders. */
const TAKEN = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)|\.(csv|json|html|svg|png|yaml|tmp)$|\.$/i;

/** Letters, digits, dots, dashes: names of experiments and variants become names of folders. */
const folderName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
  .refine((text) => text.length <= 100, { error: 'expected at most 100 characters' })
  .refine((text) => !TAKEN.test(text), { error: 'expected a name that is not that of a file or device' })
  .describe('letters, digits, ".", "_" and "-", the first of them a letter or digit');

const pruneRates = z
  .union([z.string(), z.number().transform(String)])
  .superRefine((text, context) => {
    try {
      parsePruneRates(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    }
  })
  .describe('rates such as "0:0.99" or "0, 0.5, 0.9"');

/** The settings of a run are checked once they are resolved, variant by variant. */
const checkedLater = z.unknown().optional();

/** Whoever gives more has probably mistyped a number. The number of runs that both make together has a bound of its own. */
const MOST_SEEDS = 20_000;
const MOST_VARIANTS = 1000;

/** A seed that stands twice would be trained once: the second was meant to be another. */
function refuseRepeated(seeds: readonly number[], context: z.RefinementCtx): void {
  const index = findRepeated(seeds);
  if (index < 0) return;
  const message = 'it stands twice, expected each seed once';
  context.addIssue({ code: 'custom', message, path: [index] });
}

/** The keys of an experiment file. */
export const experimentSchema = z.strictObject({
  name: folderName,
  /** Another experiment file, relative to this one, whose settings hold where this one says nothing. */
  extends: z.string().min(1).describe('the path of another experiment file').optional(),
  dataset: checkedLater,
  model: checkedLater,
  regularizer: checkedLater,
  schedule: checkedLater,
  precision: checkedLater,
  seeds: listOf(z.int().nonnegative(), 1, MOST_SEEDS).superRefine(refuseRepeated).default([0]),
  sweep: z
    .strictObject({
      /** Prune rates: numbers and ranges. */
      prune: pruneRates.default('0:0.99'),
      granularity: z.enum(['weight', 'unit', 'both']).default('both'),
    })
    .prefault({}),
  /** Settings of a run that each variant lays over those of the experiment. */
  variants: z
    .record(folderName, z.unknown())
    .refine((variants) => Object.keys(variants).length <= MOST_VARIANTS, {
      error: `expected at most ${MOST_VARIANTS}`,
    })
    .optional(),
});

export type SweepSettings = z.output<typeof experimentSchema>['sweep'];
/** Settings of one training as experiment files have them, defaults filled in. */
export type RunSettings = z.output<typeof runSettingsSchema>;
export type ScheduleSettings = RunSettings['schedule'];
export type OptimizerSettings = ScheduleSettings['optimizer'];
