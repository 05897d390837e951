/** @file Checks that the page of results shows what the committed sweeps hold. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BASELINE, drawPageFigures, FIGURES, PAGE, refreshPage } from '../../scripts/results-page.ts';
import { writeSweep } from '../../src/sweeps/rows.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { SweepRows } from '../sweeps/sweep-rows.ts';

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

  it('shows figures of the same sweeps', () => {
    const page = readFileSync(PAGE, 'utf8');
    const figures = drawPageFigures(page, BASELINE);
    const linked = [...page.matchAll(/\]\(figures\/([^)]*)\)/g)].map(([, name]) => name);
    expect(linked).toEqual([...figures.keys()]);
    for (const [name, svg] of figures)
      expect(readFileSync(join(dirname(PAGE), FIGURES, name), 'utf8'), name).toBe(svg);
  });

  it('has no more than four methods across where the paper stands beside them, and all of them', () => {
    const [, section = ''] = readFileSync(PAGE, 'utf8').split(
      '<!-- table quick-cifar-resnet weight paper -->',
    );
    const [tables = ''] = section.split('<!-- end of table -->');
    const headers = tables.split('\n').filter((line) => line.startsWith('| pruned'));
    const methods = headers.map((line) => line.split(' | ').filter((cell) => /^[a-z0]/.test(cell)));
    const own = methods.map((cells) => cells.filter((cell) => !/^(paper|difference)/.test(cell)));
    for (const names of own) expect(names.length).toBeLessThanOrEqual(4);
    const [none] = own.flat();
    expect(none).toBe('none');
    expect(new Set(own.flat()).size).toBe(own.flat().length);
    expect(own.flat()).toContain('ramping-targeted(0.99, 0.99)');
  });
});

describe('refreshPage', () => {
  it('puts the table of each marker in its place, and leaves all else alone', () => {
    const page = refreshPage(TEXT, makeBaseline(0.91234));
    expect(page).toContain(
      'Before.\n\n<!-- table few weight paper -->\n\n![few: test accuracy after pruning weights](figures/few-weight.svg)\n\nfew: Test accuracy',
    );
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

  it('draws a figure of another sweep where a number is another', () => {
    const draw = (accuracy: number) => drawPageFigures(TEXT, makeBaseline(accuracy)).get('few-weight.svg');
    expect(draw(0.5)).toContain('plain');
    expect(draw(0.5)).toBe(draw(0.5));
    expect(draw(0.5)).not.toBe(draw(0.92));
  });

  it('says so where a sweep is missing', () => {
    expect(drawPageFigures(TEXT, temporaryFolder()).size).toBe(0);
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
