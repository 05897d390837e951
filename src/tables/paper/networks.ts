/** @file Which of the paper's networks a run is nearest to, and how it differs from it. */
import type { ModelSettings, RunSettings } from '../../config/schema.ts';

interface PublishedNetwork {
  /** As in paper-tables.csv. */
  readonly name: string;
  readonly dataset: string;
  readonly title: string;
  /** The settings of ours that give this network. */
  readonly model: Readonly<Record<string, unknown>>;
  /** Of the published code. */
  readonly epochs: number;
}

const RESNET: PublishedNetwork = {
  name: 'resnet32-wide',
  dataset: 'cifar10',
  title: 'resnet 16-32-64-128, 5 units a stage',
  model: { name: 'resnet', filters: [16, 32, 64, 128], units: 5 },
  epochs: 256,
};

const VGG: PublishedNetwork = {
  name: 'vgg16',
  dataset: 'cifar100',
  title: 'vgg 64-128-256-512-512, 4096-4096',
  model: { name: 'vgg', filters: [64, 128, 256, 512, 512], widths: [4096, 4096] },
  epochs: 256,
};

/** The published network of the same data set; the paper's main network where it has none on that data set. */
export function nearestNetwork({ dataset }: RunSettings): PublishedNetwork {
  return [RESNET, VGG].find((network) => network.dataset === dataset.name) ?? RESNET;
}

/** Accuracies on different data sets are shown side by side, but not subtracted. */
export function isSameDataset({ dataset }: RunSettings, network: PublishedNetwork): boolean {
  return dataset.name === network.dataset;
}

/** What a reader must know before comparing, a sentence each; none if network, data and length are the published ones. */
export function describeDifferences(settings: RunSettings, network: PublishedNetwork): string[] {
  const { dataset, model, schedule } = settings;
  const sentences: string[] = [];
  if (!isSameDataset(settings, network)) {
    sentences.push(
      `Another data set: ours is ${dataset.name}, the paper has none of it; its numbers are those of ${network.title} ` +
        `on ${network.dataset} and show the order of the methods only, so no difference is taken.`,
    );
  } else if (!isSameModel(model, network)) {
    sentences.push(`Another network: ours is ${wordModel(model)}, the paper's ${network.title}.`);
  }
  if (schedule.epochs !== network.epochs) {
    sentences.push(
      `Another length: ours is ${schedule.epochs} epochs, that of the paper's code ${network.epochs}.`,
    );
  }
  if (dataset.trainImages !== undefined) {
    sentences.push(`Ours was trained on the first ${dataset.trainImages} images only.`);
  }
  return sentences;
}

function isSameModel(model: ModelSettings, network: PublishedNetwork): boolean {
  return Object.entries(network.model).every(
    ([key, value]) => JSON.stringify(Reflect.get(model, key)) === JSON.stringify(value),
  );
}

/** `resnet 16-16-32-64, 1 unit a stage` */
export function wordModel(model: ModelSettings): string {
  switch (model.name) {
    case 'mlp':
      return `mlp ${model.widths.join('-')}`;
    case 'lenet':
      return `lenet ${[...model.filters, ...model.widths].join('-')}`;
    case 'resnet':
      return `resnet ${model.filters.join('-')}, ${model.units} ${model.units === 1 ? 'unit' : 'units'} a stage`;
    case 'vgg':
      return `vgg ${model.filters.join('-')}, ${model.widths.join('-')}`;
  }
}
