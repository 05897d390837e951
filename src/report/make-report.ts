/** @file Makes a report of experiments: the page as text, for a file or for a server. */

import type { CollectingOptions } from '../figures/collect-figures.ts';
import type { EvaluationView } from '../sweeps/evaluations.ts';
import type { ExperimentResults } from '../tables/experiment-results.ts';
import type { Assets } from './assets.ts';
import { collectReport, type ExperimentReport } from './collect-report.ts';
import { renderPage } from './page.ts';

export interface ReportOptions extends CollectingOptions {
  readonly assets: Assets;
  /** Set for a page that a server keeps up to date: the version of the files that it is made from. */
  readonly version?: string;
  /** The only evaluation to show; all that a sweep has if absent. */
  readonly view?: EvaluationView | undefined;
}

export interface Report {
  /** An HTML document. */
  readonly page: string;
  /** What is wrong with networks that are left out, in sentences. */
  readonly problems: readonly string[];
}

/**
 * @throws UserError naming file and line if a file of an experiment is malformed
 */
export async function makeReport(
  sources: readonly ExperimentResults[],
  { assets, version, view, ...collecting }: ReportOptions,
): Promise<Report> {
  const reports: ExperimentReport[] = [];
  for (const source of sources) reports.push(await collectReport(source, view, collecting));
  const title = `Pruning report: ${sources.map(({ experiment }) => experiment).join(', ')}`;
  const page = renderPage(reports, assets, {
    title,
    time: new Date(),
    ...(version !== undefined && { version }),
  });
  return { page, problems: reports.flatMap(({ figures }) => figures.problems) };
}
