/** @file Which of the paper's networks a run is nearest to, and how it differs from it. */
import type { RunSettings } from '../../config/schema.ts';
import { countValidationImages } from '../../data/validation.ts';
import type { PublishedNetwork } from '../../models/definition.ts';
import { describeModel, models } from '../../models/registry.ts';

/** A network of the paper with the kind of model that it is. */
export interface NearestNetwork extends PublishedNetwork {
  /** Name of the model. */
  readonly model: string;
}

/** The network whose numbers stand beside a run that resembles none of the paper's: that of its main tables. */
const MAIN_NETWORK = 'resnet32-wide';

/** The networks that have rows in paper-tables.csv. */
export function listNetworks(): NearestNetwork[] {
  return [...models].flatMap(({ name, published = [] }) =>
    published.map((network) => ({ ...network, model: name })),
  );
}

/**
 * The published network that resembles a run most: of its model on its data set, else of another model on its data set,
 * else of its model on another data set.
 */
export function nearestNetwork({ dataset, model }: RunSettings): NearestNetwork {
  const networks = listNetworks();
  const ofDataset = networks.filter((network) => network.dataset === dataset.name);
  const ofModel = (network: NearestNetwork) => network.model === model.name;
  const nearest =
    ofDataset.find(ofModel) ??
    ofDataset[0] ??
    networks.find(ofModel) ??
    networks.find(({ name }) => name === MAIN_NETWORK);
  if (nearest === undefined) throw new Error(`no model has the network ${MAIN_NETWORK}`);
  return nearest;
}

/** Accuracies of other models or on other data sets are shown side by side, but not subtracted. */
export function isComparable({ dataset, model }: RunSettings, network: NearestNetwork): boolean {
  return dataset.name === network.dataset && model.name === network.model;
}

/** What a reader must know before comparing, a sentence each; none if network, data and length are the published ones. */
export function describeDifferences(settings: RunSettings, network: NearestNetwork): string[] {
  const { dataset, model, schedule } = settings;
  const sentences: string[] = [];
  const onlyOrder = 'show the order of the methods only, so no difference is taken.';
  if (dataset.name !== network.dataset) {
    sentences.push(
      `Another data set: ours is ${describeModel(model)} on ${dataset.name}, the paper has none of it; its numbers are those of ${network.title} ` +
        `on ${network.dataset} and ${onlyOrder}`,
    );
  } else if (model.name !== network.model) {
    sentences.push(
      `Another kind of network: ours is ${describeModel(model)}; the paper's numbers are those of ${network.title} ` +
        `and ${onlyOrder}`,
    );
  } else if (!isSameModel(model, network)) {
    sentences.push(`Another network: ours is ${describeModel(model)}, the paper's ${network.title}.`);
  }
  if (network.unknown !== undefined) sentences.push(network.unknown);
  if (network.epochs !== undefined && schedule.epochs !== network.epochs) {
    sentences.push(
      `Another length: ours is ${schedule.epochs} epochs, that of the paper's code ${network.epochs}.`,
    );
  }
  if (dataset.trainImages !== undefined) {
    const held = countValidationImages(dataset.validation, dataset.trainImages);
    const but = held === 0 ? '' : `, but for the ${held} held out`;
    sentences.push(`Ours was trained on the first ${dataset.trainImages} images only${but}.`);
  }
  return sentences;
}

function isSameModel(model: RunSettings['model'], network: NearestNetwork): boolean {
  return Object.entries(network.settings).every(
    ([key, value]) => JSON.stringify(Reflect.get(model, key)) === JSON.stringify(value),
  );
}
