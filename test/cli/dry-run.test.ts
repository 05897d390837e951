/** @file What --dry-run makes of a run that was cut off, worked out by hand. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Journey } from './journey.ts';
import { listFiles, TINY, td } from './td.ts';

const RUN = 'results/tiny/plain/seed-0-69edd4d0';

describe('td run --dry-run', () => {
  const journey = new Journey({ 'tiny.yaml': TINY });
  afterAll(() => journey.end());
  let before: string[];
  let plan: string;
  beforeAll(async () => {
    await journey.type('run tiny.yaml --only plain --seeds 0');
    // As if it had been cut off after the first of 2 epochs, at 10 seconds for each of its 8 steps.
    rmSync(join(journey.folder, RUN, 'summary.json'));
    const record = JSON.parse(journey.read(`${RUN}/checkpoint.json`));
    journey.write(
      `${RUN}/checkpoint.json`,
      JSON.stringify({ ...record, epoch: 1, step: 8, trainSeconds: 80 }),
    );
    before = listFiles(journey.folder);
    plan = (await journey.type('run tiny.yaml --only plain --dry-run')).stdout;
  });

  it('takes the time that is left from the run so far, and that of other seeds as well', () => {
    expect(plan).toMatch(
      /^0 +tiny +plain +0 +cut off at step 8 +2 +1 min 20 s +0\.3 GB +this run so far +results/m,
    );
    expect(plan).toMatch(
      /^1 +tiny +plain +1 +missing +2 +2 min 40 s +0\.3 GB +earlier run: plain seed 0 +results/m,
    );
    expect(plan).toMatch(/\nabout 4 min 00 s for 2 runs to do\n$/);
    expect(listFiles(journey.folder)).toEqual(before);
  });

  it('alone takes --no-measure', async () => {
    expect(await td(journey.folder, 'run', 'tiny.yaml', '--no-measure')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'td: --no-measure is given without --dry-run, expected both\n',
    });
  });
});
