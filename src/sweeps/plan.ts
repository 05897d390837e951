/** @file Plans a sweep: which trained runs of each experiment are pruned, at which rates and granularities. */
import { type Experiment, expandRuns, type RunSpec, requireVariants } from '../config/experiment.ts';
import { experimentSchema, type SweepSettings } from '../config/schema.ts';
import type { DatasetSettings } from '../data/registry.ts';
import { suggest, UserError, unlessUserError } from '../errors.ts';
import type { AskedEvaluation } from '../methods/evaluations.ts';
import { describeCommand, nothingTrained } from '../next-command.ts';
import { compareNaturally } from '../order.ts';
import { type Criterion, fixedRateError } from '../pruning/criteria/criterion.ts';
import { parsePruneRates } from '../pruning/rates.ts';
import { recallImages } from '../runner/data-identity.ts';
import type { FinishedRun, LeftOutRun, Survey } from '../runs/find.ts';
import { findRunSettings } from '../runs/run-settings.ts';
import { type AskedEvaluations, DEFAULT_DRAWS, listTerms } from './evaluations.ts';
import { readSweep } from './read-sweep.ts';
import { sweepPath } from './rows.ts';
import type { PruningGrid } from './sweep-network.ts';
import { joinRates, listTargetRates, type SweptVariant, type TargetedRate } from './target-rates.ts';

// What td sweep tells of its flag.
export { DEFAULT_CRITERION_IMAGES } from '../pruning/criteria/criterion.ts';

/** What a user asks of a sweep. */
export interface SweepChoice {
  /** Names of variants; all if absent. */
  readonly only?: readonly string[];
  /** Rising, each at least 0 and below 1; the experiment's own if absent. */
  readonly pruneRates?: readonly number[];
  /** The experiment's own if absent. */
  readonly granularity?: SweepSettings['granularity'];
  /** The network as it is if absent. */
  readonly evaluate?: readonly AskedEvaluation[];
  /** For stochastic evaluations alone. */
  readonly draws?: number;
  /** Training images on which batch-norm averages are taken anew; none if absent. */
  readonly recalibrate?: number;
  /** The paper's ranking if absent. */
  readonly criterion?: Criterion;
  readonly results: string;
}

/** `pruneRates` are those asked for and the targeting rates. */
type AskedGrid = Omit<PruningGrid, 'evaluations'> & AskedEvaluations & Pick<SweepTask, 'addedRates'>;

/** What is to be done for one experiment. */
export interface SweepTask extends Omit<PruningGrid, 'evaluations'>, AskedEvaluations {
  /** Those of `pruneRates` that nobody asked for. */
  readonly addedRates: readonly TargetedRate[];
  readonly experiment: string;
  /** Names in the order of the file, or of the last sweep if no file was named. */
  readonly variants: readonly string[];
  /** At least one, or one that is left out. */
  readonly runs: readonly FinishedRun[];
  /** Data sets of the variants as their file has them now. */
  readonly datasets: readonly DatasetSettings[];
  /** Runs that cannot be swept. */
  readonly leftOut: readonly LeftOutRun[];
  /** The runs of the file, if one was named. */
  readonly expected?: readonly RunSpec[];
}

/** @throws UserError if what is asked for cannot be had together */
export function requirePossible({
  evaluate = [],
  draws,
  criterion,
  pruneRates,
  granularity,
}: SweepChoice): void {
  if (criterion !== undefined && evaluate.some((asked) => asked !== 'dense'))
    throw new UserError('--criterion ranks networks as they are, expected no --evaluate but dense with it');
  if (criterion?.rate !== undefined && (pruneRates !== undefined || (granularity ?? 'weight') !== 'weight'))
    throw fixedRateError(criterion, criterion.rate);
  if (draws !== undefined && !evaluate.some((asked) => asked === 'stochastic' || asked === 'paper'))
    throw new UserError('--draws is for --evaluate stochastic or paper, expected one of these with it');
}

/**
 * Plans the sweep of an experiment that is named by its file.
 *
 * @param survey of its runs
 * @throws UserError if none is trained
 */
export function planExperiment(experiment: Experiment, survey: Survey, choice: SweepChoice): SweepTask {
  const { name, path, variants, sweep } = experiment;
  const { only } = choice;
  const names = variants.map((variant) => variant.name);
  if (only !== undefined) requireVariants(only, names, name);
  const finished = selectFinished(survey, only);
  if (finished.runs.length + finished.leftOut.length === 0) {
    const [what, chosen] =
      only === undefined ? ['', []] : [` of ${only.join(', ')}`, ['--only', only.join()]];
    const command = describeCommand('run', [path, ...chosen], choice.results);
    throw new UserError(
      `no run${what} of experiment "${name}" is trained in ${choice.results}; train with: ${command}`,
    );
  }
  const ownVariants = variants.map((variant) => ({
    variant: variant.name,
    regularizer: variant.settings.regularizer,
  }));
  return {
    experiment: name,
    variants: names,
    ...finished,
    datasets: variants.map(({ settings }) => settings.dataset),
    expected: expandRuns(recallImages(experiment)),
    ...gridOf(sweep, choice, [...ownVariants, ...variantsOf(finished.runs)]),
  };
}

/**
 * Plans the sweep of every experiment with trained runs, at the usual rates if none are asked for.
 *
 * @param survey of the whole results folder
 * @throws UserError if nothing is trained
 */
export function planAll(survey: Survey, choice: SweepChoice): SweepTask[] {
  if (choice.only !== undefined) requireKnown(choice.only, survey, choice.results);
  const { runs, leftOut } = selectFinished(survey, choice.only);
  if (runs.length + leftOut.length === 0) throw nothingTrained(choice.results);
  const usual = experimentSchema.shape.sweep.parse(undefined);
  const names = new Set([...runs, ...leftOut].map(({ identity }) => identity.experiment));
  return [...names].toSorted(compareNaturally).map((experiment) => {
    const isOwn = ({ identity }: FinishedRun | LeftOutRun) => identity.experiment === experiment;
    const own = runs.filter(isOwn);
    return {
      experiment,
      variants: listSweptVariants(choice.results, experiment),
      runs: own,
      leftOut: leftOut.filter(isOwn),
      datasets: [],
      ...gridOf(usual, choice, variantsOf(own)),
    };
  });
}

function variantsOf(runs: readonly FinishedRun[]): SweptVariant[] {
  return runs.flatMap(({ identity: { variant }, directory }) => {
    const spec = findRunSettings(directory);
    return spec === undefined ? [] : [{ variant, regularizer: spec.settings.regularizer }];
  });
}

/**
 * Refuses to take averages on more images than a run was trained on. What earlier versions trained does not say how many that were,
 * and is refused later.
 *
 * @throws UserError naming the first such run
 */
export function requireTrainingImages({ experiment, runs, ...asked }: SweepTask): void {
  for (const { id, directory, summary } of runs) {
    const images = summary.data?.trainImages ?? Number.POSITIVE_INFINITY;
    const settings = asked.recalibrate > images ? findRunSettings(directory)?.settings : undefined;
    if (settings === undefined || listTerms(settings, asked).every(({ recalibrated }) => recalibrated === 0))
      continue;
    throw new UserError(
      `--recalibrate is ${asked.recalibrate}, expected at most the ${images} images that ${experiment}/${id} was trained on`,
    );
  }
}

/** None if sweep.csv cannot be read: the user learns why when rows are to be added to it. */
function listSweptVariants(results: string, experiment: string): string[] {
  const rows = unlessUserError(() => readSweep(sweepPath(results, experiment))) ?? [];
  return [...new Set(rows.map(({ variant }) => variant))];
}

function selectFinished(
  { runs, leftOut }: Survey,
  only: readonly string[] | undefined,
): Pick<SweepTask, 'runs' | 'leftOut'> {
  const isChosen = ({ identity: { variant } }: FinishedRun | LeftOutRun) => only?.includes(variant) ?? true;
  return {
    runs: runs.filter((run) => run.state === 'done').filter(isChosen),
    leftOut: leftOut.filter(isChosen),
  };
}

/** @throws UserError if a variant is in no experiment with runs */
function requireKnown(only: readonly string[], { runs, leftOut }: Survey, results: string): void {
  const names = [...new Set([...runs, ...leftOut].map(({ identity }) => identity.variant))];
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined && names.length > 0)
    throw new UserError(`no variant "${unknown}" is trained in ${results}${suggest(unknown, names)}`);
}

/** @param swept variants whose targeting rates are added */
function gridOf(settings: SweepSettings, choice: SweepChoice, swept: readonly SweptVariant[]): AskedGrid {
  const { criterion } = choice;
  const granularity = choice.granularity ?? (criterion?.rate === undefined ? settings.granularity : 'weight');
  const asked =
    criterion?.rate === undefined
      ? (choice.pruneRates ?? parsePruneRates(settings.prune))
      : [0, criterion.rate];
  // Some criteria have one rate alone.
  const addedRates = criterion?.rate === undefined ? listTargetRates(asked, swept) : [];
  return {
    pruneRates: joinRates(asked, addedRates),
    addedRates,
    evaluate: choice.evaluate ?? ['dense'],
    draws: choice.draws ?? DEFAULT_DRAWS,
    recalibrate: choice.recalibrate ?? 0,
    ...(criterion === undefined ? {} : { criterion }),
    granularities: granularity === 'both' ? ['weight', 'unit'] : [granularity],
  };
}
