/** @file Sets published numbers beside the columns of a table, and says what to know before comparing. */

import type { RunSettings } from '../../config/schema.ts';
import { formatPoints, formatRate } from '../../format.ts';
import { getOrMake } from '../../maps.ts';
import { describeMethod, type Method } from '../../methods/names.ts';
import type { Granularity } from '../../pruning/types.ts';
import type { EvaluationView } from '../../sweeps/evaluations.ts';
import type { Cell } from '../cell.ts';
import { describeAuthorsCode, describeAuthorsEvaluation, describeAuthorsTraining } from './authors-code.ts';
import { describeDifferences, isComparable, type NearestNetwork, nearestNetwork } from './networks.ts';
import { matchPublished, type PublishedNumber } from './published.ts';
import { describeFaults } from './published-faults.ts';

/** A column before the published numbers are looked up. */
export interface OwnColumn {
  readonly variant: string;
  readonly settings: RunSettings | undefined;
  readonly method: Method | undefined;
  readonly cells: readonly (Cell | undefined)[];
}

export interface ColumnComparison {
  readonly method: Method | undefined;
  /** The published number of each rate, where there is one. */
  readonly numbers: readonly (PublishedNumber | undefined)[];
  /** What other published tables have for the same rates. */
  readonly rivals: readonly PublishedNumber[];
  /** Whether the published numbers have our settings of the method. */
  readonly isExact: boolean;
  /** Whether ours less the published number means something: network and data set are of the same kind. */
  readonly isComparable: boolean;
  /** Title of the network that the published numbers are of. */
  readonly network: string;
  /** How the run differs from that network, in sentences. */
  readonly differences: readonly string[];
  /** What the authors' code did otherwise, in sentences that name the method where they are of one. */
  readonly code: readonly string[];
}

/** Published rates are decimals, ours too: neighbours are at least 0.001 apart. */
const SAME_RATE = 1e-9;

/** Looks up the published numbers of each column, on the network nearest to its own. */
export function comparePublished(
  columns: readonly OwnColumn[],
  rates: readonly number[],
  granularity: Granularity,
  published: readonly PublishedNumber[],
  view: EvaluationView,
): ColumnComparison[] {
  return columns.map(({ method, settings }) => {
    if (method === undefined || settings === undefined) {
      return {
        method,
        numbers: [],
        rivals: [],
        isExact: true,
        isComparable: true,
        network: '',
        differences: [],
        code: [],
      };
    }
    const network = nearestNetwork(settings);
    const candidates = published.filter(
      (number) => number.network === network.name && number.granularity === granularity,
    );
    const others = columns.flatMap((column) =>
      column.method && column.method !== method ? [column.method] : [],
    );
    const match = matchPublished(method, candidates, others);
    const found = rates.map((rate) =>
      match.numbers.filter(({ pruneRate }) => Math.abs(pruneRate - rate) < SAME_RATE),
    );
    return {
      method,
      numbers: found.map(([first]) => first),
      rivals: found.flatMap(([, ...rest]) => rest),
      isExact: match.isExact,
      isComparable: isComparable(settings, network),
      network: network.title,
      differences: describeDifferences(settings, network),
      code: [
        ...(isComparable(settings, network) && isOfCode(network) ? describeAuthorsTraining(settings) : []),
        ...describeAuthorsCode(settings),
        ...describeAuthorsEvaluation(settings, view),
      ],
    };
  });
}

/** Only of networks in their code is it known how long they were trained. */
function isOfCode({ epochs }: NearestNetwork): boolean {
  return epochs !== undefined;
}

/** The notes under a table with published numbers. */
export function noteComparisons(
  compared: readonly ColumnComparison[],
  headings: readonly string[],
  granularity: Granularity,
): string[] {
  const withNumbers = compared.flatMap((column, index) => {
    const shown = column.numbers.filter((number) => number !== undefined);
    return shown.length === 0 ? [] : [{ ...column, shown, heading: headings[index] ?? '' }];
  });
  // What holds of some columns alone names them.
  const headingsOf = new Map<string, string[]>();
  for (const { differences, heading } of withNumbers)
    for (const sentence of differences) getOrMake(headingsOf, sentence, () => []).push(heading);
  const differences = [...headingsOf].map(([sentence, own]) =>
    own.length < withNumbers.length ? `${own.join(', ')}: ${sentence}` : sentence,
  );
  const code = withNumbers.flatMap((column) => column.code);
  const tuned = withNumbers.flatMap(({ shown, isExact, heading }) => {
    const settings = describePublished(shown);
    return isExact ? [] : [`${heading} stands beside the paper's ${settings}: other settings of the method.`];
  });
  const rivals = withNumbers.flatMap(({ rivals, heading }) => describeRivals(heading, rivals));
  const mentioned = withNumbers.flatMap(({ shown, rivals }) => [...shown, ...rivals]);
  const methods = compared.flatMap(({ method }) => method?.name ?? []);
  const faults = describeFaults(mentioned, granularity, methods);
  const none = withNumbers.length === 0 ? ['The paper has no numbers for these methods at these rates.'] : [];
  return [...none, ...differences, ...new Set(code), ...tuned, ...rivals, ...faults];
}

/** A sentence for each other table of the paper. */
function describeRivals(heading: string, rivals: readonly PublishedNumber[]): string[] {
  const tables = [...new Set(rivals.map(({ table }) => table))];
  return tables.map((name) => {
    const numbers = rivals
      .filter(({ table }) => table === name)
      .map(({ pruneRate, accuracy }) => `${formatPoints(accuracy)} at ${formatRate(pruneRate)}`);
    return `${heading} has other numbers in another published table (${name}): ${numbers.join(', ')}.`;
  });
}

function describePublished(numbers: readonly PublishedNumber[]): string {
  return [...new Set(numbers.map(({ method }) => describeMethod({ ...method, extras: [] })))].join(' and ');
}
