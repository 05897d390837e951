/** @file An experiment as a value: its settings are checked and resolved once, when it is made. */

import { z } from 'zod';
import { resolveDataPaths } from '../config/data-paths.ts';
import { type Experiment as Definition, expandRuns, type RunSpec } from '../config/experiment.ts';
import { type LoadOptions, loadExperiment, resolveExperiment } from '../config/load.ts';
import type { Variant } from '../config/variants.ts';
import { UserError } from '../errors.ts';
import { isPlain } from '../settings/plain.ts';
import { describe } from './checks.ts';
import { requireOptions, type SchemasOf, toDataTree } from './options.ts';

/** What is changed or chosen, as by the flags of `td run`. */
export interface ExperimentOptions {
  /** Settings as `--set` takes them: `schedule.epochs=5`. */
  readonly set?: readonly string[];
  /** These variants alone. */
  readonly only?: readonly string[];
  /** Integers from 0, instead of the experiment's. */
  readonly seeds?: readonly number[];
}

const SCHEMA = z.strictObject({
  set: z.array(z.string()).optional(),
  only: z.array(z.string()).min(1).optional(),
  // The schema of experiments checks the rest.
  seeds: z.array(z.int().nonnegative()).min(1).optional(),
} satisfies SchemasOf<ExperimentOptions>);

/** Variants, seeds and a sweep: what an experiment file says. */
export class Experiment {
  private constructor(
    /** As the functions of this module take it. */
    readonly definition: Definition,
  ) {
    // A program in JavaScript may call it.
    if (!isPlain(definition))
      throw new UserError(
        'an experiment is not made by new, expected Experiment.load(file) or Experiment.from(name, settings)',
      );
  }

  /**
   * Reads an experiment file (YAML), and the files that it extends.
   *
   * @throws UserError for the first mistake: what, where (file:line:column), what was expected
   */
  static load(path: string, options: ExperimentOptions = {}): Experiment {
    if (typeof path !== 'string')
      throw new UserError(`the path is ${describe(path)}, expected that of an experiment file`);
    return new Experiment(loadExperiment(path, withOptions('Experiment.load', options)));
  }

  /**
   * Takes settings as a file would hold them: `{ model: { name: 'mlp' }, variants: { none: {} } }`. Paths of data are
   * relative to the working folder; `extends` is for files.
   *
   * @param name of the experiment, and of its folder of results
   * @throws UserError for the first mistake
   */
  static from(
    name: string,
    settings: Readonly<Record<string, unknown>>,
    options: ExperimentOptions = {},
  ): Experiment {
    if (typeof name !== 'string')
      throw new UserError(`the name is ${describe(name)}, expected that of an experiment`);
    if (!isPlain(settings))
      throw new UserError('the settings are no object, expected one such as { model: { name: "mlp" } }');
    if ('extends' in settings)
      throw new UserError('extends: only a file can extend another, expected the settings themselves');
    const tree = toDataTree({ ...settings, name }, 'the settings');
    return new Experiment(
      resolveExperiment(resolveDataPaths(tree, '.'), name, withOptions('Experiment.from', options)),
    );
  }

  /** Also that of its folder of results. */
  get name(): string {
    return this.definition.name;
  }

  /** In the order of the file. */
  get variants(): readonly Variant[] {
    return this.definition.variants;
  }

  /** A run for each variant and seed, by the hash of their settings. */
  get runs(): RunSpec[] {
    return expandRuns(this.definition);
  }
}

/** @throws UserError if a program gives something else, such as the name of a file */
export function requireExperiment(of: string, experiment: unknown): void {
  if (experiment instanceof Experiment) return;
  throw new UserError(
    `${of} takes an experiment, expected Experiment.load(file) or Experiment.from(name, settings)`,
  );
}

function withOptions(of: string, options: ExperimentOptions): LoadOptions {
  requireOptions(of, options, SCHEMA);
  const { set, only, seeds } = options;
  return {
    ...(set === undefined ? {} : { set }),
    ...(only === undefined ? {} : { only }),
    ...(seeds === undefined ? {} : { seeds }),
  };
}
