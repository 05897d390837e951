/** @file What is known to be wrong with the published numbers, shown wherever they are compared with. */
import type { Granularity } from '../../pruning/types.ts';
import type { PublishedNumber } from './published.ts';

interface Fault {
  /** Names of the published tables that it concerns. */
  readonly tables: readonly string[];
  /** It concerns this method alone. */
  readonly method?: string;
  /** It concerns tables of this granularity that have the method, although nothing published stands in them. */
  readonly missingAt?: Granularity;
  readonly sentence: string;
}

const FAULTS: readonly Fault[] = [
  {
    tables: ['resnet32-weight'],
    method: 'targeted',
    sentence:
      'targeted(0.33, 0.75) stands at 89.88 with nothing pruned, below the 92.64 of targeted(0.66, 0.75), which drops ' +
      'more: the published table was probably evaluated with the gamma candidates already removed. Higher numbers ' +
      'are to be expected at rates below gamma.',
  },
  {
    tables: ['resnet32-unit', 'ramping-unit'],
    method: 'targeted',
    sentence:
      'Units, targeted(0.66, 0.75): two published tables differ, at 70 % by 75.47 against 55.98. Where a network ' +
      'collapses, one run says little.',
  },
  {
    tables: ['smallify-weight-high', 'ramping-weight-extreme', 'random-prune-weight'],
    method: 'ramping-targeted',
    sentence:
      'Ramping targeted dropout at 99 % of weights has four published accuracies: 87.03 in the text, 88.97, 89.10 and ' +
      '88.80 in tables.',
  },
  {
    tables: ['smallify-weight-high', 'ramping-weight-extreme', 'random-prune-weight'],
    method: 'ramping-targeted',
    sentence:
      'The claim of a drop of less than 4 % at 99 % does not hold against the 93.71 of plain training in the same paper.',
  },
  {
    tables: ['random-prune-weight', 'random-prune-unit', 'random-prune-vgg16-unit'],
    method: 'ramping-targeted',
    sentence:
      'Which alpha and gamma ramping targeted dropout had in the comparison with random pruning is not known to us.',
  },
  {
    tables: [],
    method: 'smallify',
    missingAt: 'unit',
    sentence:
      'Smallify has no published numbers here: its column for units repeats that for weights at other rates digit for ' +
      'digit.',
  },
];

/** The sentences of all faults, as a list for readers of the paper. */
export function listFaults(): string[] {
  return [SINGLE_RUNS, ...FAULTS.map(({ sentence }) => sentence)];
}

const SINGLE_RUNS = 'Published numbers without a deviation are of one run each.';

/**
 * The faults of the published numbers that a table shows.
 *
 * @param shown numbers that stand in the table, or that it mentions
 * @param methods names of the methods that have a column
 */
export function describeFaults(
  shown: readonly PublishedNumber[],
  granularity: Granularity,
  methods: readonly string[],
): string[] {
  const sentences = FAULTS.filter(({ tables, method, missingAt }) => {
    if (missingAt !== undefined) return missingAt === granularity && methods.includes(method ?? '');
    return shown.some(
      (number) => tables.includes(number.table) && (method === undefined || number.method.name === method),
    );
  }).map(({ sentence }) => sentence);
  const hasSingleRuns = shown.some(({ deviation }) => deviation === undefined);
  return hasSingleRuns ? [SINGLE_RUNS, ...sentences] : sentences;
}
