/** @file td check: fails if accuracy after pruning is not what a committed baseline lets expect. */
import { writeFileAtomic } from '../files/atomic.ts';
import { baselinePath, readBaseline } from '../results/baseline.ts';
import { failedCells, type GateReport, judge } from '../results/gate/report.ts';
import { explainCells, renderSummary, tabulateCells, wordOutcome, wordRemarks } from './check-words.ts';
import { requireResultsFolder } from './experiments.ts';
import { findGateSource } from './gate-source.ts';
import { paint, printJson, printTable } from './output.ts';
import { requireOutputFile } from './output-file.ts';

export interface CheckOptions {
  readonly baseline?: string;
  readonly alpha: number;
  readonly format: 'text' | 'md' | 'json';
  readonly summary?: string;
  readonly results: string;
}

/**
 * Exit code 1 if the check fails.
 *
 * @throws UserError if there is no such sweep or baseline, or a file is malformed
 */
export function check(argument: string, options: CheckOptions): void {
  requireOutputFile('--summary', options.summary);
  requireResultsFolder(options.results, 'read');
  const { experiment, rows, hashes } = findGateSource(argument, options.results);
  const baseline = readBaseline(options.baseline ?? baselinePath(experiment), experiment);
  const report = judge({ experiment, baseline, fresh: rows, alpha: options.alpha, hashes });
  if (!report.passed) process.exitCode = 1;
  print(report, options.format);
  if (options.summary !== undefined) writeFileAtomic(options.summary, `${renderSummary(report)}\n`);
}

function print(report: GateReport, format: CheckOptions['format']): void {
  if (format === 'json') printJson(report);
  else if (format === 'md') process.stdout.write(`${renderSummary(report)}\n`);
  else printText(report);
}

function printText(report: GateReport): void {
  const failed = failedCells(report);
  const outcome = report.passed ? paint('green', 'passed') : paint('red', 'failed');
  process.stdout.write(`${outcome}: ${wordOutcome(report)}\n`);
  const remarks = wordRemarks(report);
  if (remarks.length > 0) process.stdout.write(`${remarks.map((remark) => `- ${remark}`).join('\n')}\n`);
  if (failed.length === 0) return;
  process.stdout.write('\n');
  const { header, rows } = tabulateCells(failed);
  printTable(header, rows);
  process.stdout.write(`\n${explainCells(report)}\n`);
}
