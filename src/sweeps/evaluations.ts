/** @file Which evaluations of a run are meant by those that a user names, and which rows of a sweep they are. */
import type { RunSettings } from '../config/schema.ts';
import { groupBy } from '../maps.ts';
import { type AskedEvaluation, evaluationOf } from '../methods/evaluations.ts';
import { describeTerms, type EvaluationTerms, type SweepRow, settingsHashOf } from './rows.ts';

/** Draws of a stochastic evaluation where no other number is asked for. */
export const DEFAULT_DRAWS = 5;

/** What a user asks of a sweep beside rates and granularities. */
export interface AskedEvaluations {
  readonly evaluate: readonly AskedEvaluation[];
  readonly draws: number;
  /** Training images on which batch-norm averages are taken anew; 0 for those of the training. */
  readonly recalibrate: number;
}

/** The evaluation that a table or a figure shows. */
export interface EvaluationView {
  readonly evaluate: AskedEvaluation;
  /** Whether batch-norm averages were taken anew after pruning. */
  readonly recalibrated: boolean;
}

export const DENSE_VIEW: EvaluationView = { evaluate: 'dense', recalibrated: false };

type Judged = Pick<RunSettings, 'model' | 'regularizer'>;

/** The evaluations of one run, each once. */
export function listTerms(
  settings: Judged,
  { evaluate, draws, recalibrate }: AskedEvaluations,
): EvaluationTerms[] {
  const kinds = new Set(evaluate.map((asked) => evaluationOf(settings.regularizer, asked)));
  return [...kinds].map((evaluation) => ({
    evaluation,
    draws: evaluation === 'stochastic' ? draws : 0,
    recalibrated: hasBatchNorm(settings) ? recalibrate : 0,
  }));
}

/**
 * The rows of one evaluation. A run for which it is the same as dense, or whose network has no batch norm to recalibrate, has its
 * plain rows there. Of a run whose settings are not known the rows are taken that say so themselves.
 *
 * @param settings by the first 8 digits of their hash
 */
export function selectRows(
  rows: readonly SweepRow[],
  settings: ReadonlyMap<string, RunSettings>,
  view: EvaluationView,
): SweepRow[] {
  return rows.filter((row) => {
    const own = settings.get(settingsHashOf(row));
    const kind = own === undefined ? view.evaluate : evaluationOf(own.regularizer, view.evaluate);
    const isRecalibrated = view.recalibrated && (own === undefined || hasBatchNorm(own));
    return row.evaluation === kind && row.recalibrated > 0 === isRecalibrated;
  });
}

function hasBatchNorm({ model }: Pick<RunSettings, 'model'>): boolean {
  return 'batchNorm' in model;
}

/** `dense`, `gamma, recalibrated` */
export function describeView({ evaluate, recalibrated }: EvaluationView): string {
  return recalibrated ? `${evaluate}, recalibrated` : evaluate;
}

/** What names of files end with: `-gamma-recalibrated`; nothing for networks as they are. */
export function suffixOf(view: EvaluationView): string {
  const { evaluate, recalibrated } = view;
  return `${evaluate === 'dense' ? '' : `-${evaluate}`}${recalibrated ? '-recalibrated' : ''}`;
}

/** ` (gamma, recalibrated)` behind the name of an experiment; nothing for networks as they are. */
export function labelView(view: EvaluationView): string {
  return suffixOf(view) === '' ? '' : ` (${describeView(view)})`;
}

/** Which rows are of which evaluation, in a sentence; nothing for networks as they are. */
export function noteView(view: EvaluationView, rows: readonly SweepRow[]): string[] {
  if (suffixOf(view) === '' || rows.length === 0) return [];
  const groups = [...groupBy(rows, describeTerms)].map(
    ([terms, own]) => `${terms} (${[...new Set(own.map(({ variant }) => variant))].join(', ')})`,
  );
  return [`Evaluation: ${groups.join('; ')}.`];
}
