/** @file What a report says beside its tables: which runs they lack, in the words of td table. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderMethodTable } from '../../src/report/accuracy-tables.ts';
import { collectReport } from '../../src/report/collect-report.ts';
import { sweepPath } from '../../src/sweeps/rows.ts';
import { findResults } from '../../src/tables/experiment-results.ts';
import { describeMissing, findMissing } from '../../src/tables/missing-runs.ts';
import { findKnownRuns, findSwept } from '../../src/tables/swept-experiment.ts';
import { beginRun, EXPERIMENT, writeResults } from '../figures/results-folder.ts';
import { temporaryFolder } from '../runs/temporary.ts';

/** Seed 1 of plain training failed, and seed 1 of targeted dropout is gone; neither is in the sweep. */
function makeGaps() {
  const results = temporaryFolder();
  const runs = writeResults(results);
  const lost = runs.filter(({ seed, variant }) => seed === 1 && variant !== 'targeted-unit');
  for (const run of lost) {
    rmSync(join(results, EXPERIMENT, run.id), { recursive: true });
    if (run.variant !== 'none') continue;
    const failure = { level: 50, msg: 'training failed', err: { message: 'the loss at step 7 is NaN' } };
    appendFileSync(join(beginRun(results, run), 'log.jsonl'), `${JSON.stringify(failure)}\n`);
  }
  const path = sweepPath(results, EXPERIMENT);
  const isKept = (line: string) => !lost.some(({ id }) => line.includes(id));
  writeFileSync(path, readFileSync(path, 'utf8').split('\n').filter(isKept).join('\n'));
  return results;
}

it.each([
  ['name', (_: string) => EXPERIMENT],
  ['file', (results: string) => join(results, 'few.yaml')],
])(
  'the tables of a report of an experiment that is named by its %s name the runs that failed or are missing',
  async (_, nameIn) => {
    const results = makeGaps();
    const argument = nameIn(results);
    const [source] = findResults([argument], results).experiments;
    if (source === undefined) throw new Error('there is a source');
    const [{ tables } = { tables: [] }] = (await collectReport(source)).evaluations;
    const sentence =
      'Missing: none seed 1 (failed: the loss at step 7 is NaN); targeted-weight seed 1 (not trained).';
    expect(tables[0]?.notes).toContain(sentence);
    expect(tables.map((one) => renderMethodTable(one).markup)[0]).toContain(`<li>${sentence}</li>`);
    const table = findSwept(argument, results);
    for (const { granularity, notes } of tables) {
      const asTable = describeMissing(findMissing(table.rows, granularity, findKnownRuns(table)));
      expect(notes).toEqual(expect.arrayContaining(asTable));
    }
  },
);

it('the tables of a report say nothing of the kind where nothing is missing', async () => {
  const results = temporaryFolder();
  writeResults(results);
  const [source] = findResults([], results).experiments;
  if (source === undefined) throw new Error('there is a source');
  const [{ tables } = { tables: [] }] = (await collectReport(source)).evaluations;
  expect(tables).toHaveLength(2);
  expect(tables.flatMap(({ notes }) => notes).filter((note) => note.startsWith('Missing'))).toEqual([]);
});
