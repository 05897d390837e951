/** @file The committed sweeps that the page of results is made of, by experiment, evaluation and cell. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Experiment } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import type { RunSettings } from '../../src/config/schema.ts';
import { getOrMake, groupBy } from '../../src/maps.ts';
import { describeMethod, methodOf } from '../../src/methods/names.ts';
import type { Granularity } from '../../src/pruning/types.ts';
import { describeView, type EvaluationView, selectRows } from '../../src/sweeps/evaluations.ts';
import { type SweepRow, settingsHashOf } from '../../src/sweeps/rows.ts';
import { readSwept, type SweptExperiment } from '../../src/tables/swept-experiment.ts';
import { type DependenceRow, readRows } from '../toy-hessian/rows.ts';

/** Sweeps that are kept for another purpose than to be shown: the gate of the project's own CI, README.md, the header of a config. */
const NOT_SHOWN = ['ci', 'demo', 'quick-criteria'];

const CONFIGS = join(import.meta.dirname, '../../configs');

/** One variant of an experiment, pruned at one rate and judged in one way. */
export interface CellPlace {
  readonly experiment: string;
  readonly variant: string;
  readonly granularity: Granularity;
  /** 0 to 1. */
  readonly rate: number;
  readonly view: EvaluationView;
}

/** Reads each sweep once. */
export class Baselines {
  private readonly sweeps = new Map<string, SweptExperiment | undefined>();
  private defined: readonly Experiment[] | undefined;
  private readonly views = new Map<string, readonly SweepRow[]>();
  private readonly cells = new Map<string, ReadonlyMap<string, readonly SweepRow[]>>();

  /** @param folder with `<experiment>.csv`, and `dependence/<experiment>.csv` */
  constructor(readonly folder: string) {}

  /** Names of the experiments that are shown. */
  list(): string[] {
    return readdirSync(this.folder)
      .filter((file) => file.endsWith('.csv'))
      .map((file) => file.slice(0, -'.csv'.length))
      .filter((name) => !NOT_SHOWN.includes(name))
      .sort();
  }

  /**
   * The rows of all evaluations; nothing if there is no such sweep.
   *
   * @throws UserError if it is malformed
   */
  find(experiment: string): SweptExperiment | undefined {
    if (!this.sweeps.has(experiment)) {
      const path = join(this.folder, `${experiment}.csv`);
      this.sweeps.set(experiment, existsSync(path) ? readSwept(path) : undefined);
    }
    return this.sweeps.get(experiment);
  }

  /** The rows of one evaluation; nothing if there is none. */
  findView(experiment: string, view: EvaluationView): SweptExperiment | undefined {
    const swept = this.find(experiment);
    if (swept === undefined) return undefined;
    const rows = getOrMake(this.views, `${experiment} ${describeView(view)}`, () =>
      selectRows(swept.rows, swept.settings, view),
    );
    return rows.length > 0 ? { ...swept, rows, view } : undefined;
  }

  /**
   * Accuracies by seed, shares; none where nothing is committed.
   *
   * @throws Error if runs of different settings would be averaged
   */
  accuraciesOf({ experiment, variant, granularity, rate, view }: CellPlace): ReadonlyMap<number, number> {
    const cells = getOrMake(this.cells, `${experiment} ${describeView(view)}`, () =>
      groupBy(this.findView(experiment, view)?.rows ?? [], cellOf),
    );
    const rows = cells.get(cellOf({ variant, granularity, pruneRate: rate })) ?? [];
    if (new Set(rows.map(settingsHashOf)).size > 1)
      throw new Error(`${experiment}.csv has runs of ${variant} with different settings, expected one`);
    return new Map(rows.map(({ seed, accuracy }) => [seed, accuracy]));
  }

  /** A variant as tables name it, `targeted(0.66, 0.75)`; its own name where its settings are not known. */
  headingOf(experiment: string, variant: string): string {
    const settings = this.settingsOf(experiment, variant);
    return settings === undefined ? variant : describeMethod(methodOf(settings.regularizer));
  }

  settingsOf(experiment: string, variant: string): RunSettings | undefined {
    const swept = this.find(experiment);
    const row = swept?.rows.find((candidate) => candidate.variant === variant);
    return row && swept?.settings.get(settingsHashOf(row));
  }

  /** Whether there is a sweep of an experiment, or its file in configs/. */
  knowsExperiment(experiment: string): boolean {
    return this.find(experiment) !== undefined || this.define(experiment).length > 0;
  }

  /** Whether the sweep of an experiment has a variant, or its file, so that it may yet be measured; of experiments with neither nothing is known. */
  knows(experiment: string, variant: string): boolean {
    if (this.find(experiment)?.rows.some((row) => row.variant === variant)) return true;
    if (!this.knowsExperiment(experiment)) return true;
    return this.define(experiment).some(({ variants }) => variants.some(({ name }) => name === variant));
  }

  /** Variants that the file of an experiment has, and its sweep has not. */
  untrainedIn(experiment: string): string[] {
    const measured = new Set(this.find(experiment)?.rows.map(({ variant }) => variant));
    const defined = this.define(experiment).flatMap(({ variants }) => variants.map(({ name }) => name));
    return defined.filter((name) => !measured.has(name));
  }

  private define(experiment: string): Experiment[] {
    this.defined ??= readConfigs();
    return this.defined.filter(({ name }) => name === experiment);
  }

  /** What was measured of the networks of a toy experiment; none where nothing is committed. */
  dependenceOf(experiment: string): DependenceRow[] {
    const path = join(this.folder, 'dependence', `${experiment}.csv`);
    return existsSync(path) ? readRows(path) : [];
  }
}

/** Rates are decimals: 0.1 + 0.2 and 0.3 are one. */
function cellOf({
  variant,
  granularity,
  pruneRate,
}: Pick<SweepRow, 'variant' | 'granularity' | 'pruneRate'>): string {
  return `${variant} ${granularity} ${pruneRate.toFixed(9)}`;
}

function readConfigs(): Experiment[] {
  return readdirSync(CONFIGS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => loadExperiment(join(CONFIGS, file)));
}
