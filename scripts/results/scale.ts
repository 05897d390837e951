/** @file What was trained for the page of results, and whether anything was at the paper's scale. */
import type { RunSettings } from '../../src/config/schema.ts';
import { describeCount } from '../../src/format.ts';
import { groupBy } from '../../src/maps.ts';
import { describeModel } from '../../src/models/registry.ts';
import { describeDifferences, nearestNetwork } from '../../src/tables/paper/networks.ts';
import type { Baselines } from './baselines.ts';
import { renderTable } from './claim-tables.ts';

/** Names of data sets as people write them. */
const DATASETS: Readonly<Record<string, string>> = {
  mnist: 'MNIST',
  'fashion-mnist': 'Fashion-MNIST',
  cifar10: 'CIFAR-10',
  cifar100: 'CIFAR-100',
};

/** The networks of the paper's tables, in the order of the paper. */
const PAPER_NETWORKS =
  'ResNet-32 with 1,857,498 parameters and VGG-16 for 256 epochs, a Wide ResNet, ResNet-102 on ImageNet, a Transformer';

interface Trained {
  readonly experiment: string;
  /** Of its variants, which share network, data and length, the first whose settings are known. */
  readonly settings: RunSettings | undefined;
  readonly parameters: number;
  readonly variants: number;
  readonly seeds: readonly [fewest: number, most: number];
}

function listTrained(baselines: Baselines): Trained[] {
  return baselines.list().map((experiment) => {
    const { rows = [], settings } = baselines.find(experiment) ?? {};
    const variants = [...new Set(rows.map(({ variant }) => variant))];
    const counts = variants.map(
      (variant) => new Set(rows.filter((row) => row.variant === variant).map(({ seed }) => seed)).size,
    );
    return {
      experiment,
      settings: [...(settings?.values() ?? [])][0],
      parameters: Math.min(...rows.map(({ parametersTotal }) => parametersTotal)),
      variants: variants.length,
      seeds: [Math.min(...counts), Math.max(...counts)],
    };
  });
}

/** A row an experiment: network, parameters, data, epochs, variants, seeds. */
export function renderTrained(baselines: Baselines): string {
  const rows = listTrained(baselines).map(({ experiment, settings, parameters, variants, seeds }) => [
    experiment,
    settings === undefined ? 'not known' : describeModel(settings.model),
    parameters.toLocaleString('en'),
    settings === undefined ? '' : nameDataset(settings),
    settings === undefined ? '' : String(settings.schedule.epochs),
    String(variants),
    describeSeeds(seeds),
  ]);
  return renderTable(
    ['experiment', 'network', 'parameters', 'data', 'epochs', 'variants', 'seeds a variant'],
    rows,
  );
}

/**
 * `One seed a variant; not trained yet: l0-unit.`
 *
 * @throws Error if there is no such experiment
 */
export function describeUntrained(experiment: string, baselines: Baselines): string {
  if (!baselines.knowsExperiment(experiment))
    throw new Error(`{{untrained ${experiment}}}: no experiment of this name in results/baseline or configs`);
  const seeds = listTrained(baselines).find((trained) => trained.experiment === experiment)?.seeds;
  if (seeds === undefined) return 'Not trained yet.';
  const lacking = baselines.untrainedIn(experiment);
  const counted = seeds[1] === 1 ? 'One seed' : `${describeSeeds(seeds)} seeds`;
  return `${counted} a variant; ${lacking.length === 0 ? 'all variants are trained' : `not trained yet: ${lacking.join(', ')}`}.`;
}

/** What was not trained, in a sentence, and what was, in another; README.md has them, too. */
export function describeScale(baselines: Baselines): { readonly lacking: string; readonly trained: string } {
  const trained = listTrained(baselines);
  const full = trained.filter(({ settings }) => settings !== undefined && isPaperScale(settings));
  const networks = groupBy(trained, nameTraining);
  const list = [...networks].map(([network, alike]) => {
    const counts = alike.flatMap(({ seeds }) => seeds);
    const range = [Math.min(...counts), Math.max(...counts)] as const;
    return `${network}, ${describeSeeds(range)} ${range[1] === 1 ? 'seed' : 'seeds'}`;
  });
  const hasToy = baselines.dependenceOf('toy-hessian').length > 0;
  const but = hasToy ? ', but for its toy network of ten hidden units' : '';
  return {
    lacking:
      full.length === 0
        ? `Nothing here was trained at the scale of the paper's tables (${PAPER_NETWORKS})${but}.`
        : `At the scale of the paper's tables only ${full.map(({ experiment }) => experiment).join(', ')} was trained, nothing else (${PAPER_NETWORKS})${but}.`,
    trained: `Trained were: ${list.join('; ')}.`,
  };
}

/** `mlp 300-100 on MNIST for 20 epochs` */
function nameTraining({ experiment, settings }: Trained): string {
  if (settings === undefined) return experiment;
  return `${describeModel(settings.model)} on ${nameDataset(settings)} for ${describeCount(settings.schedule.epochs, 'epoch')}`;
}

function isPaperScale(settings: RunSettings): boolean {
  // Of a network that the paper does not describe in full this says so, and nothing counts as it.
  return describeDifferences(settings, nearestNetwork(settings)).length === 0;
}

function nameDataset({ dataset }: RunSettings): string {
  return DATASETS[dataset.name] ?? dataset.name;
}

function describeSeeds([fewest, most]: readonly [number, number]): string {
  return fewest === most ? String(most) : `${fewest} to ${most}`;
}
