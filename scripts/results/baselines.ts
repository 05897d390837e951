/** @file The committed sweeps that the page of results is made of, by experiment, evaluation and cell. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunSettings } from '../../src/config/schema.ts';
import { describeMethod, methodOf } from '../../src/methods/names.ts';
import type { Granularity } from '../../src/pruning/types.ts';
import { type EvaluationView, selectRows } from '../../src/sweeps/evaluations.ts';
import { settingsHashOf } from '../../src/sweeps/rows.ts';
import { readSwept, type SweptExperiment } from '../../src/tables/swept-experiment.ts';
import { type DependenceRow, readRows } from '../toy-hessian/rows.ts';

/** Sweeps that are kept for another purpose than to be shown: the gate of the project's own CI. */
const NOT_SHOWN = ['ci'];

/** Rates are decimals, and neighbours at least 0.001 apart. */
const SAME_RATE = 1e-9;

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
    const rows = swept && selectRows(swept.rows, swept.settings, view);
    return swept && rows && rows.length > 0 ? { ...swept, rows, view } : undefined;
  }

  /**
   * Accuracies by seed, shares; none where nothing is committed.
   *
   * @throws Error if runs of different settings would be averaged
   */
  accuraciesOf({ experiment, variant, granularity, rate, view }: CellPlace): ReadonlyMap<number, number> {
    const rows = (this.findView(experiment, view)?.rows ?? []).filter(
      (row) =>
        row.variant === variant &&
        row.granularity === granularity &&
        Math.abs(row.pruneRate - rate) < SAME_RATE,
    );
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

  /** What was measured of the networks of a toy experiment; none where nothing is committed. */
  dependenceOf(experiment: string): DependenceRow[] {
    const path = join(this.folder, 'dependence', `${experiment}.csv`);
    return existsSync(path) ? readRows(path) : [];
  }
}
