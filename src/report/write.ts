/** @file Makes a report of experiments: the page as text, for a file or for a server. */
import type { ExperimentSource } from '../figures/source.ts';
import type { MagnitudesCache } from '../figures/weights.ts';
import type { Assets } from './assets.ts';
import { collectReport, type ExperimentReport } from './collect.ts';
import { renderPage } from './page.ts';

export interface ReportOptions {
  readonly assets: Assets;
  /** Set for a page that a server keeps up to date: what its files were when they were read. */
  readonly version?: string;
  /** Of networks that earlier reports measured. */
  readonly cache?: MagnitudesCache;
  /** Is told what is wrong with networks that are left out. */
  tell?(sentences: readonly string[]): void;
}

/**
 * @returns an HTML document
 * @throws UserError naming file and line if a file of an experiment is malformed
 */
export async function makeReport(
  sources: readonly ExperimentSource[],
  { assets, version, cache, tell }: ReportOptions,
): Promise<string> {
  const reports: ExperimentReport[] = [];
  for (const source of sources) reports.push(await collectReport(source, cache));
  tell?.(reports.flatMap(({ figures }) => figures.problems));
  const title = `Pruning report: ${sources.map(({ experiment }) => experiment).join(', ')}`;
  return renderPage(reports, assets, {
    title,
    time: new Date(),
    ...(version !== undefined && { version }),
  });
}
