/** @file Checks that the page of results shows what the committed sweeps hold. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BASELINE, PAGE, refreshPage } from '../../scripts/results-page.ts';
import { writeSweep } from '../../src/results/sweep-table.ts';
import { SweepRows } from '../results/sweep-rows.ts';
import { temporaryFolder } from '../results/temporary.ts';

const TEXT = `# Results
Before.

<!-- table few weight paper -->
outdated
<!-- end of table -->

Between.
<!-- table few unit -->
<!-- end of table -->
After.
`;

function makeBaseline(accuracy: number): string {
  const baseline = temporaryFolder();
  const { rows } = new SweepRows().add('plain', { name: 'none' }, { 0: 0.98, 0.9: accuracy }, [
    'weight',
    'unit',
  ]);
  writeSweep(join(baseline, 'few.csv'), rows);
  return baseline;
}

describe('docs/results.md', () => {
  it('shows the committed sweeps: npm run docs:results brings it up to date', () => {
    const page = readFileSync(PAGE, 'utf8');
    expect(refreshPage(page, BASELINE)).toBe(page);
  });
});

describe('refreshPage', () => {
  it('puts the table of each marker in its place, and leaves all else alone', () => {
    const page = refreshPage(TEXT, makeBaseline(0.91234));
    expect(page).toContain('Before.\n\n<!-- table few weight paper -->\n\nfew: Test accuracy');
    expect(page).toContain('| pruned | plain |\n| ---: | ---: |\n| 0 % | 98.00 |\n| 90 % | 91.23 |\n');
    expect(page).toContain('units pruned');
    expect(page).not.toContain('outdated');
    expect(page.replace(/(<!-- table [\s\S]*?-->)[\s\S]*?(?=<!-- end)/g, '$1\n')).toBe(
      TEXT.replace('outdated\n', ''),
    );
  });

  it('changes nothing a second time, and something where a number is another', () => {
    const page = refreshPage(TEXT, makeBaseline(0.91));
    expect(refreshPage(page, makeBaseline(0.91))).toBe(page);
    expect(refreshPage(page, makeBaseline(0.92))).not.toBe(page);
  });

  it('says so where a sweep is missing', () => {
    expect(refreshPage(TEXT, temporaryFolder())).toContain(
      '<!-- table few unit -->\n\n*There is no committed sweep of few yet.*\n\n<!-- end of table -->',
    );
  });

  it.each([
    ['a granularity that is none', '<!-- table few layer -->\n<!-- end of table -->'],
    ['a table without an end', '<!-- table few unit -->\nno end'],
    ['an end without a table', 'no beginning\n<!-- end of table -->'],
  ])('refuses %s', (_, text) => {
    expect(() => refreshPage(`${TEXT}${text}`, makeBaseline(0.9))).toThrow('marker is malformed');
  });
});
