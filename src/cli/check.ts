/** @file td check: fails if accuracy after pruning is not what a committed baseline lets expect. */
import type { Command } from 'commander';
import { baselinePath, readBaseline } from '../gate/baseline.ts';
import { selectCompared } from '../gate/compared-evaluation.ts';
import { failedCells, type Judgement, judge } from '../gate/judge.ts';
import {
  describeOutcome,
  describeRemarks,
  explainCells,
  renderJudgement,
  tabulateCells,
} from '../gate/judgement-text.ts';
import { hashPresentSettings } from '../gate/present-hashes.ts';
import { findSwept } from '../tables/swept-experiment.ts';
import { type ViewOptions, viewOf, viewOptions } from '../terminal/evaluation-options.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { tellLeftOut } from '../terminal/found-runs.ts';
import {
  AS_FORMAT,
  alphaOption,
  chooseFormat,
  formatOption,
  jsonOption,
  resultsOption,
} from '../terminal/options.ts';
import { paint, print, printJson, printTable } from '../terminal/output.ts';
import { requireOutputFile, writeNamed } from '../terminal/output-file.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';

const HELP = `
Compares the sweep of an experiment with its baseline, for every variant,
granularity and rate. Fails (exit code 1) if a cell is lower, or higher, than
the scatter of the seeds and the size of the test set explain; if all test
images are classified correctly; if a variant or rate of the baseline is
missing; if it was trained with other settings; if a run is damaged.

One evaluation of each variant is compared, and named: the one that the baseline
holds, of several the dense one or the one asked for; "td sweep --help" says
what they are.

Nothing is trained or pruned: "td run" and "td sweep" make the numbers.
docs/ci.md has a workflow for GitHub Actions, docs/methods.md the test.

Examples:
  td check configs/ci.yaml
  td check configs/ci.yaml --alpha 0.05 --summary summary.md
  td check ci --baseline baselines/ci.csv --format json
  td check configs/quick/cifar-resnet.yaml --evaluate gamma`;

export function define(command: Command): void {
  command.option('--baseline <file>', 'CSV file (default: results/baseline/<experiment>.csv)');
  for (const option of viewOptions("the baseline's, of several dense")) command.addOption(option);
  command
    .addOption(alphaOption())
    .addOption(formatOption(['text', 'md', 'json']))
    .addOption(jsonOption(AS_FORMAT))
    .option('--summary <file>', 'also write a summary for a pull request (Markdown)')
    .addOption(resultsOption())
    .addHelpText('after', HELP)
    .action(check);
}

export interface CheckOptions extends ViewOptions {
  readonly baseline?: string;
  readonly alpha: number;
  readonly format: 'text' | 'md' | 'json';
  /** The same as format json. */
  readonly json?: boolean;
  readonly summary?: string;
  readonly results: string;
}

/**
 * Exit code 1 if the check fails.
 *
 * @throws UserError if there is no such sweep or baseline, the baseline lacks the evaluation asked for, or a file is malformed
 */
export async function check(argument: string, options: CheckOptions): Promise<void> {
  const format = chooseFormat(options);
  requireOutputFile('--summary', options.summary);
  requireResultsFolder(options.results, 'read');
  const { experiment, rows, leftOut, settings } = findSwept(argument, options.results);
  tellLeftOut(leftOut);
  const hashes = await hashPresentSettings(argument, startFetchStage);
  const path = options.baseline ?? baselinePath(experiment);
  const isAsked = options.evaluate !== undefined || options.recalibrated === true;
  const compared = selectCompared(
    readBaseline(path, experiment, options.results),
    path,
    settings,
    isAsked ? viewOf(options) : undefined,
  );
  const { notes, ...judged } = judge({
    experiment,
    baseline: compared.rows,
    fresh: rows,
    leftOut,
    alpha: options.alpha,
    hashes,
  });
  const report = { ...judged, notes: [...notes, ...compared.notes] };
  if (!report.passed) process.exitCode = 1;
  printReport(report, format);
  if (options.summary !== undefined) await writeNamed(options.summary, `${renderJudgement(report)}\n`);
}

function printReport(report: Judgement, format: CheckOptions['format']): void {
  if (format === 'json') printJson(report);
  else if (format === 'md') print(renderJudgement(report));
  else printText(report);
}

function printText(report: Judgement): void {
  const failed = failedCells(report);
  const outcome = report.passed ? paint('green', 'passed') : paint('red', 'failed');
  print(`${outcome}: ${describeOutcome(report)}`);
  const remarks = describeRemarks(report);
  if (remarks.length > 0) print(remarks.map((remark) => `- ${remark}`).join('\n'));
  if (failed.length === 0) return;
  print('');
  const { header, rows } = tabulateCells(failed);
  printTable(header, rows);
  print(`\n${explainCells(report)}`);
}
