/** @file npm run docs:results: makes docs/results.md, its figures, what other pages show of results/baseline, and docs/paper-scale.md. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../src/files/atomic.ts';
import { estimateTables } from './paper-scale/estimate.ts';
import { PAGE as PAPER_SCALE, renderPaperScale } from './paper-scale/page.ts';
import { TABLES } from './paper-scale/tables.ts';
import {
  drawPageFigures,
  FIGURES,
  PAGE,
  README,
  readSources,
  refreshReadme,
  renderPage,
} from './results/page.ts';
import { COMMITTED, readPublishedRows, readRows } from './toy-hessian/rows.ts';
import { PAGE as DEPENDENCE, refreshDependence } from './toy-hessian/table.ts';

const folder = join(dirname(PAGE), FIGURES);
const sources = readSources();
mkdirSync(folder, { recursive: true });
refresh(PAGE, renderPage(sources));
for (const [name, svg] of drawPageFigures(sources)) refresh(join(folder, name), svg);
refresh(README, refreshReadme(readFileSync(README, 'utf8'), sources.baselines));
refresh(
  DEPENDENCE,
  refreshDependence(readFileSync(DEPENDENCE, 'utf8'), readRows(COMMITTED), readPublishedRows()),
);
refresh(PAPER_SCALE, renderPaperScale(await estimateTables(TABLES)));

function refresh(path: string, text: string): void {
  const isNew = !existsSync(path) || readFileSync(path, 'utf8') !== text;
  if (isNew) writeFileAtomic(path, text);
  process.stdout.write(`${path}: ${isNew ? 'refreshed' : 'is as the sweeps are'}\n`);
}
