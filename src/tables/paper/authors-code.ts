/**
 * @file Where a run differs from what the authors' code did, which the published numbers are likely to come from: the default of such a
 * setting follows the paper's text. docs/methods.md lists these settings.
 */
import type { RunSettings } from '../../config/schema.ts';
import { countValidationImages } from '../../data/validation.ts';
import type { AnySettings } from '../../methods/definition.ts';
import { evaluationOf } from '../../methods/evaluations.ts';
import type { Granularity } from '../../pruning/types.ts';
import type { EvaluationView } from '../../sweeps/evaluations.ts';

/** Training images of CIFAR, and those of them that the paper's code holds out. */
const IMAGES = 50_000;
const HELD_OUT = 10_000;

const RAMP = '20000it';

/** How the paper's code trains the networks of its tables where we don't, with the setting that makes td do the same. */
export function describeAuthorsTraining({ dataset, regularizer }: RunSettings): string[] {
  const { sentences, add } = collectSentences();
  add(
    dataset.trainImages === undefined && countValidationImages(dataset.validation, IMAGES) !== HELD_OUT,
    'trains on 40,000 of the 50,000 training images',
    `dataset.validation: ${HELD_OUT}`,
  );
  if (regularizer.name === 'ramping') {
    add(
      regularizer.ramp.first !== RAMP || regularizer.ramp.second !== RAMP,
      'ramps over 20,000 steps, and over 20,000 more',
      `regularizer.ramp: { first: ${RAMP}, second: ${RAMP} }`,
    );
  }
  return sentences;
}

/** A sentence for each setting of model and method in which the paper's code differs, whatever the data. */
export function describeAuthorsCode({ model, regularizer }: RunSettings): string[] {
  const { sentences, add } = collectSentences();
  if (model.name === 'vgg' || model.name === 'lenet') {
    add(
      model.firstConvolution === 'exempt',
      'drops and prunes the first convolution of VGG and LeNet, too',
      'model.firstConvolution: prunable',
    );
  }
  switch (regularizer.name) {
    case 'targeted':
    case 'ramping':
      add(isWhole(regularizer), ...PER_ENTRY);
      break;
    case 'variational':
      add(
        model.name === 'resnet' && model.firstActivation,
        'leaves out batch normalisation and ReLU at the beginning of a unit for variational dropout',
        'model.firstActivation: false',
      );
      add(
        isWhole(regularizer),
        'removes single weights in evaluation and ranks units by their norm',
        'regularizer.perEntry: true',
      );
      break;
    case 'l1':
      add(
        regularizer.kernels === 'prunable',
        'counts the first convolution and the logits in the L1 penalty, too',
        'regularizer.kernels: all',
      );
      break;
    case 'random-prune':
      add(
        regularizer.dropRate === 1,
        'drops what a random mask removes with a probability in training',
        'regularizer.dropRate below 1',
      );
  }
  return sentences;
}

function collectSentences() {
  const sentences: string[] = [];
  const add = (isOther: boolean, what: string, setting: string) => {
    if (isOther) sentences.push(`The paper's code ${what} (${setting}).`);
  };
  return { sentences, add };
}

const PER_ENTRY = ['drops each entry of a low-norm unit by itself', 'regularizer.perEntry: true'] as const;

/** Whether a method treats a unit as a whole. */
function isWhole({ granularity, perEntry }: { granularity: Granularity; perEntry: boolean }): boolean {
  return granularity === 'unit' && !perEntry;
}

const JUDGED = {
  dense: 'as they are',
  gamma: 'with their candidates removed (gamma)',
  stochastic: 'with the noise of training (stochastic)',
};

/** Where the numbers of a table come from another evaluation than the published ones. */
export function describeAuthorsEvaluation(
  { regularizer }: RunSettings,
  { evaluate, recalibrated }: EvaluationView,
): string[] {
  const [own, theirs] = [evaluationOf(regularizer, evaluate), evaluationOf(regularizer, 'paper')];
  const averages = recalibrated
    ? ["The paper's code evaluated with the batch-norm averages of training, this table has them taken anew."]
    : [];
  if (own === theirs) return averages;
  const { name, granularity }: AnySettings = regularizer;
  return [
    ...averages,
    `The paper's code evaluated ${name} ${granularity ?? 'network'}s ${JUDGED[theirs]}, this table has them ${JUDGED[own]} (--evaluate paper does as it did).`,
  ];
}
