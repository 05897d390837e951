/** @file The script of a report: charts from the data in the page, and news from the server while one is there. */
import type { ExperimentFigures } from '../../figures/types.ts';
import { showExperiment } from './experiment.ts';
import { followServer } from './follow.ts';

let endings: (() => void)[] = [];

function show(): void {
  const data = document.querySelector('#figures')?.textContent ?? '[]';
  for (const end of endings) end();
  endings = (JSON.parse(data) as ExperimentFigures[]).map(showExperiment);
}

show();
followServer(show);
