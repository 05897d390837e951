/** @file npm run docs:results: refreshes the tables of docs/results.md from results/baseline. */
import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../src/files/atomic.ts';
import { BASELINE, PAGE, refreshPage } from './results-page.ts';

const page = readFileSync(PAGE, 'utf8');
const refreshed = refreshPage(page, BASELINE);
if (refreshed !== page) writeFileAtomic(PAGE, refreshed);
process.stdout.write(`${PAGE}: ${refreshed === page ? 'is as the sweeps are' : 'refreshed'}\n`);
