/** @file td report: what experiments found, as one HTML page; written to a file, or shown while runs go on. */

import { join } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import type { MagnitudesCache } from '../figures/collect-weights.ts';
import { nothingTrained } from '../next-command.ts';
import type { EvaluationView } from '../sweeps/evaluations.ts';
import { type ViewOptions, viewOf, viewOptions } from '../terminal/evaluation-options.ts';
import {
  lookUpResults,
  requireTrainedImages,
  requireView,
  tellLeftOutOf,
} from '../terminal/found-results.ts';
import { tellFaults } from '../terminal/found-runs.ts';
import { beginLongWork } from '../terminal/long-work.ts';
import { portOption, resultsOption } from '../terminal/options.ts';
import { print } from '../terminal/output.ts';
import { requireOutputFile, writeNamed } from '../terminal/output-file.ts';
import { printLine } from '../terminal/progress.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';

const HELP = `
One HTML file that needs no network: what came out in words, tables, figures to
point at, settings and environment of every run, what failed. Written to
<results>/<experiment>/report.html for one experiment, <results>/report.html for
several or all.

Networks that were evaluated in several ways are shown under each, one by one;
with --evaluate or --recalibrated under that one alone ("td sweep --help" says
what they are).

With --serve nothing is written: the page is shown to this machine alone, and
follows the runs while they go on.

Examples:
  td report mnist-lenet
  td report --out everything.html
  td report --serve --port 8080`;

export function define(command: Command): void {
  command
    .option('--out <file>', 'HTML file (default: report.html in the folder of the results)')
    .option('--serve', 'show it to this machine alone, kept up to date')
    .addOption(portOption());
  for (const option of [...viewOptions('all that a sweep has'), resultsOption()]) command.addOption(option);
  command.addHelpText('after', HELP).action(report);
}

export interface ReportOptions extends ViewOptions {
  readonly out?: string;
  readonly serve?: boolean;
  /** 0 for any that is free. */
  readonly port?: number;
  readonly results: string;
}

/**
 * @throws UserError if there is nothing to report, a file is malformed, other images lie where those were that a run was
 *   trained on, or the page cannot be written or shown
 */
export async function report(names: readonly string[], options: ReportOptions): Promise<void> {
  const { out, serve = false, port, results } = options;
  if (serve && out !== undefined)
    throw new UserError('--out and --serve exclude each other, expected one of them');
  if (!serve && port !== undefined) throw new UserError('--port is for --serve, expected both of them');
  requireOutputFile('--out', out);
  requireResultsFolder(results, serve || out !== undefined ? 'read' : 'write');
  await (serve ? serveSources(names, options) : writeSources(names, options));
}

/** The only evaluation to show, if one is asked for. */
function chosenView(options: ReportOptions): EvaluationView | undefined {
  const isChosen = options.evaluate !== undefined || options.recalibrated === true;
  return isChosen ? viewOf(options) : undefined;
}

async function writeSources(names: readonly string[], options: ReportOptions): Promise<void> {
  const { out, results } = options;
  const startStage = beginLongWork();
  const found = lookUpResults(names, results);
  if (found.length === 0) throw nothingTrained(results);
  const view = chosenView(options);
  const sources = view === undefined ? found : requireView(names, found, view, results);
  await requireTrainedImages(sources);
  const path = out ?? join(results, names.length === 1 ? (sources[0]?.experiment ?? '') : '', 'report.html');
  const { loadAssets } = await import('../report/assets.ts');
  const { makeReport } = await import('../report/make-report.ts');
  const { page, problems } = await makeReport(sources, { assets: await loadAssets(), view, startStage });
  tellFaults(problems);
  const size = `${(Buffer.byteLength(page) / 1e6).toFixed(1)} MB`;
  await writeNamed(path, page, `written: ${path} (${size}); open it in a browser`);
  tellLeftOutOf(sources);
}

/** Ends with the process. Without names nothing need have begun yet: what begins later is shown, too. */
async function serveSources(names: readonly string[], options: ReportOptions): Promise<void> {
  const { port = 0, results } = options;
  const view = chosenView(options);
  // Names are looked up once, so that a mistake is told at once.
  const sources = lookUpResults(names, results);
  if (view !== undefined && names.length > 0) requireView(names, sources, view, results);
  await requireTrainedImages(sources);
  const chosen = names.length === 0 ? undefined : sources.map(({ experiment }) => experiment);
  const { loadAssets } = await import('../report/assets.ts');
  const { digestVersion, serveReport } = await import('../report/serve.ts');
  const { listFileVersions } = await import('../report/file-versions.ts');
  const { makeReport } = await import('../report/make-report.ts');
  const assets = await loadAssets();
  const cache: MagnitudesCache = new Map();
  const server = await serveReport(
    {
      readVersion: () => digestVersion(listFileVersions(results, chosen)),
      async makePage(version) {
        const { page } = await makeReport(lookUpResults(names, results), { assets, version, view, cache });
        return page;
      },
    },
    port,
  );
  print(server.address);
  printLine('shown to this machine alone, kept up to date; end with Ctrl-C');
  await new Promise(() => {});
}
