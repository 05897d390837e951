/** @file All that lies on disk about one run: settings, environment, metrics, its rows of the sweep, its files. */
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Difference, differencesFromDefaults } from '../config/differences.ts';
import { UserError } from '../errors.ts';
import { type Condition, conditionOf } from '../runs/condition.ts';
import { RUN_FILES } from '../runs/directory.ts';
import { readEnvironment } from '../runs/environment.ts';
import type { FoundRun } from '../runs/find.ts';
import { type MetricsRow, readMetrics } from '../runs/metrics.ts';
import { readRunSettings } from '../runs/run-settings.ts';
import {
  DENSE_VIEW,
  describeNoRows,
  describeView,
  type EvaluationView,
  hasView,
  haveSameRows,
  listViews,
  selectRows,
  suffixOf,
} from './evaluations.ts';
import { readSweep } from './read-sweep.ts';
import { type SweepRow, sweepPath } from './rows.ts';

export interface RunDetails {
  readonly run: FoundRun;
  /** Why it is not done. */
  readonly condition?: Condition;
  /** As it was written when training began. */
  readonly environment: Readonly<Record<string, unknown>>;
  readonly settings: readonly Difference[];
  readonly metrics: readonly MetricsRow[];
  /** Which evaluation the rows of the sweep are of: `dense`, `gamma, recalibrated`. */
  readonly evaluation: string;
  readonly sweep: readonly SweepRow[];
  /** The other evaluations that the run has rows of. */
  readonly otherEvaluations: readonly string[];
  readonly files: readonly RunFile[];
}

export interface RunFile {
  readonly name: string;
  readonly bytes: number;
}

/**
 * @param view whose rows of the sweep are wanted
 * @throws UserError if the sweep of its experiment is malformed, or has no rows of another evaluation than the usual one
 */
export function readRunDetails(run: FoundRun, view: EvaluationView = DENSE_VIEW): RunDetails {
  const { directory, identity, id } = run;
  const hasSettings = existsSync(join(directory, RUN_FILES.config));
  const results = join(directory, '../../..');
  const settings = hasSettings ? readRunSettings(directory).settings : undefined;
  const path = sweepPath(results, identity.experiment);
  const own = readSweep(path).filter(({ runId }) => runId.startsWith(`${id}@`));
  const known = new Map(settings && [[identity.hash, settings]]);
  const sweep = selectRows(own, known, view);
  if (suffixOf(view) !== '' && !hasView(own, known, view))
    throw new UserError(describeNoRows(`${id} in ${path}`, view, results));
  return {
    run,
    ...(run.state === 'done' ? {} : { condition: conditionOf(directory) }),
    environment: readEnvironment(directory) ?? {},
    settings: settings === undefined ? [] : differencesFromDefaults(settings),
    metrics: readMetrics(directory),
    evaluation: describeView(view),
    sweep,
    otherEvaluations: listViews(own, known)
      .filter((other) => !haveSameRows(selectRows(own, known, other), sweep))
      .map(describeView),
    files: listFiles(directory),
  };
}

/** In alphabetical order. Links that lead nowhere are among them. */
export function listFiles(directory: string): RunFile[] {
  return readdirSync(directory)
    .toSorted()
    .map((name) => ({ name, bytes: lstatSync(join(directory, name)).size }));
}
