/** @file npm run docs:results: refreshes tables and figures of docs/results.md, and the tables of docs/dependence.md, from results/baseline. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../src/files/atomic.ts';
import { BASELINE, drawPageFigures, FIGURES, PAGE, refreshPage } from './results-page.ts';
import { COMMITTED, readPublishedRows, readRows } from './toy-hessian/rows.ts';
import { PAGE as DEPENDENCE, refreshDependence } from './toy-hessian/table.ts';

const folder = join(dirname(PAGE), FIGURES);
const page = readFileSync(PAGE, 'utf8');
mkdirSync(folder, { recursive: true });
refresh(PAGE, refreshPage(page, BASELINE));
for (const [name, svg] of drawPageFigures(page, BASELINE)) refresh(join(folder, name), svg);
refresh(
  DEPENDENCE,
  refreshDependence(readFileSync(DEPENDENCE, 'utf8'), readRows(COMMITTED), readPublishedRows()),
);

function refresh(path: string, text: string): void {
  const isNew = !existsSync(path) || readFileSync(path, 'utf8') !== text;
  if (isNew) writeFileAtomic(path, text);
  process.stdout.write(`${path}: ${isNew ? 'refreshed' : 'is as the sweeps are'}\n`);
}
