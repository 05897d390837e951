/** @file Which evaluations of a run are meant by those that a user names, and which rows of a sweep they are. */
import type { RunSettings } from '../config/schema.ts';
import { groupBy } from '../maps.ts';
import { type AskedEvaluation, evaluationOf } from '../methods/evaluations.ts';
import { describeCommand } from '../next-command.ts';
import { EVALUATIONS, type EvaluationKind } from '../pruning/types.ts';
import { describeTerms, type EvaluationTerms, runIdOf, type SweepRow, settingsHashOf } from './rows.ts';

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

/** What a sweep shows: an evaluation for each that is asked for. */
export function viewsOf({
  evaluate,
  recalibrate,
}: Pick<AskedEvaluations, 'evaluate' | 'recalibrate'>): EvaluationView[] {
  return evaluate.map((asked) => ({ evaluate: asked, recalibrated: recalibrate > 0 }));
}

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
    const { kind, recalibrated } = wantedOf(row, settings, view);
    return row.evaluation === kind && row.recalibrated > 0 === recalibrated;
  });
}

/**
 * Whether there are rows of an evaluation, and not only those of runs for which it is no other than the usual one, while no run
 * for which it is another was evaluated so.
 *
 * @param settings by the first 8 digits of their hash
 */
export function hasView(
  rows: readonly SweepRow[],
  settings: ReadonlyMap<string, RunSettings>,
  view: EvaluationView,
): boolean {
  const shown = selectRows(rows, settings, view);
  const wanted = rows.map((row) => wantedOf(row, settings, view));
  return (
    shown.length > 0 &&
    (wanted.every(({ kind }) => kind === 'dense') ||
      shown.some(({ evaluation }) => evaluation !== 'dense')) &&
    (wanted.every(({ recalibrated }) => !recalibrated) || shown.some(({ recalibrated }) => recalibrated > 0))
  );
}

/** What an evaluation is for the run of a row. */
function wantedOf(
  row: SweepRow,
  settings: ReadonlyMap<string, RunSettings>,
  { evaluate, recalibrated }: EvaluationView,
): { readonly kind: AskedEvaluation; readonly recalibrated: boolean } {
  const own = settings.get(settingsHashOf(row));
  if (own === undefined) return { kind: evaluate, recalibrated };
  return {
    kind: evaluationOf(own.regularizer, evaluate),
    recalibrated: recalibrated && hasBatchNorm(own),
  };
}

/**
 * The evaluations that the rows of a sweep are of, networks as they are first. `paper` is among them where no run lacks it and it is
 * not the same as another one.
 *
 * @param settings by the first 8 digits of their hash
 */
export function listViews(
  rows: readonly SweepRow[],
  settings: ReadonlyMap<string, RunSettings>,
): EvaluationView[] {
  const runs = new Set(rows.map(runIdOf));
  return [false, true].flatMap((recalibrated) => {
    const isOf = (kind: EvaluationKind) => (row: SweepRow) =>
      row.evaluation === kind && row.recalibrated > 0 === recalibrated;
    const own = EVALUATIONS.filter((kind) => rows.some(isOf(kind))).map(
      (evaluate): EvaluationView => ({ evaluate, recalibrated }),
    );
    const paper: EvaluationView = { evaluate: 'paper', recalibrated };
    const shown = selectRows(rows, settings, paper);
    const isComplete = new Set(shown.map(runIdOf)).size === runs.size;
    const isAnother = own.every((view) => !haveSameRows(selectRows(rows, settings, view), shown));
    return own.length > 0 && isComplete && isAnother ? [...own, paper] : own;
  });
}

/**
 * The one of these evaluations that is what the authors' code did, under whatever name; the first one if none is.
 *
 * @param views at least one, else there is none to find
 */
export function findAuthorsView(
  rows: readonly SweepRow[],
  settings: ReadonlyMap<string, RunSettings>,
  views: readonly EvaluationView[],
): EvaluationView | undefined {
  const theirs = selectRows(rows, settings, { evaluate: 'paper', recalibrated: false });
  return views.find((view) => haveSameRows(selectRows(rows, settings, view), theirs)) ?? views[0];
}

/** Whether two selections of the same rows are the same. */
export function haveSameRows(a: readonly SweepRow[], b: readonly SweepRow[]): boolean {
  return a.length === b.length && a.every((row, index) => row === b[index]);
}

function hasBatchNorm({ model }: Pick<RunSettings, 'model'>): boolean {
  return 'batchNorm' in model;
}

const EXPLANATIONS: Readonly<Record<AskedEvaluation, string>> = {
  dense: 'networks as training left them',
  gamma: "the method's candidates for dropping are removed before anything is pruned",
  stochastic: 'networks go on dropping as in training while they are evaluated',
  paper: "as the authors' code did it, which differs by method",
};

/** What an evaluation is, in a clause for readers who do not know it. */
export function explainView({ evaluate, recalibrated }: EvaluationView): string {
  const anew = '; after pruning, batch-norm averages are taken anew on training images';
  return `${EXPLANATIONS[evaluate]}${recalibrated ? anew : ''}`;
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

/** Whether networks as training left them, whose batch-norm averages are those of training, are among what is shown. */
export function includesDense(views: readonly EvaluationView[]): boolean {
  return views.some((view) => suffixOf(view) === '');
}

/** ` (gamma, recalibrated)` behind the name of an experiment; nothing for networks as they are. */
export function labelView(view: EvaluationView): string {
  return suffixOf(view) === '' ? '' : ` (${describeView(view)})`;
}

/**
 * What is missing, and what makes it: for errors.
 *
 * @param subject `results/few/sweep.csv`
 * @param results the folder that the command was given
 */
export function describeNoRows(subject: string, view: EvaluationView, results: string): string {
  const { evaluate, recalibrated } = view;
  const command = describeCommand('sweep', ['--evaluate', evaluate], results);
  const flags = recalibrated ? ' --recalibrate <images>' : '';
  return `${subject} has no rows of the evaluation "${describeView(view)}"; sweep with: ${command}${flags}`;
}

/** Which rows are of which evaluation, in a sentence; of networks as they are what that means. */
export function noteView(view: EvaluationView, rows: readonly SweepRow[]): string[] {
  if (rows.length === 0) return [];
  if (suffixOf(view) === '') return [`Evaluation: ${describeView(view)}, ${explainView(view)}.`];
  return [`Evaluation: ${listTermsOf(rows)}.`];
}

/** Which variants have rows on which terms: `dense (none); gamma (ramping, targeted)`. */
export function listTermsOf(rows: readonly SweepRow[]): string {
  const groups = [...groupBy(rows, describeTerms)].map(
    ([terms, own]) => `${terms} (${[...new Set(own.map(({ variant }) => variant))].join(', ')})`,
  );
  return groups.join('; ');
}
