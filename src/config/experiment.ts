/** @file Experiments with their settings resolved, and the runs that they consist of. */
import { suggest, UserError } from '../errors.ts';
import type { RunSettings, SweepSettings } from './schema.ts';
import { type LinkedVariant, linkParents, type Variant } from './variants.ts';

/** What an experiment file says, checked and with every variant's settings complete. */
export interface Experiment {
  readonly name: string;
  /** The file that it was read from. */
  readonly path: string;
  readonly seeds: readonly number[];
  readonly sweep: SweepSettings;
  /** In the order of the file; those that others go on from are always among them. */
  readonly variants: readonly Variant[];
}

/** One variant with one seed, which is trained once. */
export interface RunSpec {
  readonly experiment: string;
  readonly variant: string;
  readonly seed: number;
  readonly settings: RunSettings;
  /** Hash of the settings, 64 hexadecimal digits. */
  readonly hash: string;
  /** `<variant>/seed-<n>-<first 8 digits of the hash>`: the run's folder below that of its experiment. */
  readonly id: string;
  /** The run that it goes on from, as far as its settings are known. */
  readonly parent?: RunSpec;
  /** Where its images lie, if not under the path of its settings: a run of an earlier version, or images that moved. */
  readonly imagesPath?: string;
}

export interface RunSelection {
  /** Names of variants; all if absent. */
  readonly only?: readonly string[] | undefined;
  /** Replaces the experiment's own seeds. */
  readonly seeds?: readonly number[] | undefined;
}

/** Runs of an experiment. Whoever asks for more has probably mistyped a number. */
const MOST_RUNS = 20_000;

/**
 * The runs of an experiment: every variant with every seed, variants outermost, each behind the one that it goes on from.
 *
 * @throws UserError if `only` names a variant that the experiment lacks, or there are too many
 */
export function expandRuns(experiment: Experiment, { only, seeds }: RunSelection = {}): RunSpec[] {
  const names = experiment.variants.map(({ name }) => name);
  if (only !== undefined) requireVariants(only, names, experiment.name);
  const count = (only ?? names).length * (seeds ?? experiment.seeds).length;
  if (count > MOST_RUNS)
    throw new UserError(`experiment "${experiment.name}" has ${count} runs, expected at most ${MOST_RUNS}`);
  return linkParents(experiment.variants)
    .filter(({ name }) => only?.includes(name) ?? true)
    .flatMap((variant) => (seeds ?? experiment.seeds).map((seed) => makeRun(experiment.name, variant, seed)));
}

function makeRun(experiment: string, variant: LinkedVariant, seed: number): RunSpec {
  const { name, settings, hash, parent } = variant;
  return {
    experiment,
    variant: name,
    seed,
    settings,
    hash,
    id: `${name}/seed-${seed}-${hash.slice(0, 8)}`,
    ...(parent !== undefined && { parent: makeRun(experiment, parent, seed) }),
  };
}

/** @throws UserError if an asked name is not among the valid ones */
export function requireVariants(
  asked: readonly string[],
  valid: readonly string[],
  experiment: string,
): void {
  const unknown = asked.find((name) => !valid.includes(name));
  if (unknown === undefined) return;
  throw new UserError(`experiment "${experiment}" has no variant "${unknown}"${suggest(unknown, valid)}`);
}
