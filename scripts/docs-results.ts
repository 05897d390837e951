/** @file npm run docs:results: refreshes tables and figures of docs/results.md from results/baseline. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../src/files/atomic.ts';
import { BASELINE, drawPageFigures, FIGURES, PAGE, refreshPage } from './results-page.ts';

const folder = join(dirname(PAGE), FIGURES);
const page = readFileSync(PAGE, 'utf8');
mkdirSync(folder, { recursive: true });
refresh(PAGE, refreshPage(page, BASELINE));
for (const [name, svg] of drawPageFigures(page, BASELINE)) refresh(join(folder, name), svg);

function refresh(path: string, text: string): void {
  const isNew = !existsSync(path) || readFileSync(path, 'utf8') !== text;
  if (isNew) writeFileAtomic(path, text);
  process.stdout.write(`${path}: ${isNew ? 'refreshed' : 'is as the sweeps are'}\n`);
}
