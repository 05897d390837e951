/** @file docs/results.md and README.md show what the committed sweeps hold, and nothing of them is written by hand. */
import { cpSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Baselines } from '../../../scripts/results/baselines.ts';
import { judgeClaims } from '../../../scripts/results/judge.ts';
import {
  BASELINE,
  drawPageFigures,
  FIGURES,
  PAGE,
  README,
  readSources,
  refreshReadme,
  renderPage,
} from '../../../scripts/results/page.ts';
import { readSweep } from '../../../src/sweeps/read-sweep.ts';
import { type SweepRow, writeSweep } from '../../../src/sweeps/rows.ts';
import { temporaryFolder } from '../../runs/temporary.ts';
import { SweepRows } from '../../sweeps/sweep-rows.ts';

const sources = readSources();
const page = readFileSync(PAGE, 'utf8');

/** The committed sweeps with one of them changed. */
function changeSweep(experiment: string, change: (row: SweepRow) => SweepRow): string {
  const folder = temporaryFolder();
  cpSync(BASELINE, folder, { recursive: true });
  const path = join(folder, `${experiment}.csv`);
  writeSweep(path, readSweep(path).map(change));
  return folder;
}

describe('docs/results.md', () => {
  it('is what the committed sweeps and claims make it: npm run docs:results brings it up to date', () => {
    expect(renderPage(sources)).toBe(page);
  });

  it('shows figures of the same sweeps', () => {
    const figures = drawPageFigures(sources);
    const linked = [...page.matchAll(/\]\(figures\/([^)]*)\)/g)].map(([, name]) => name);
    expect(linked).toEqual([...figures.keys()]);
    for (const [name, svg] of figures)
      expect(readFileSync(join(dirname(PAGE), FIGURES, name), 'utf8'), name).toBe(svg);
  });

  it('is another as soon as one accuracy is', () => {
    let isFirst = true;
    const folder = changeSweep('mnist-mlp', (row) => {
      if (!isFirst) return row;
      isFirst = false;
      return { ...row, accuracy: row.accuracy - 0.01 };
    });
    expect(renderPage(readSources(folder))).not.toBe(page);
  });

  it('has another verdict, and its orders turn, where the accuracies of two methods change places', () => {
    const id = 'weights-above-plain';
    const swap: Readonly<Record<string, string>> = { none: 'targeted-weight', 'targeted-weight': 'none' };
    const rows = readSweep(join(BASELINE, 'mnist-mlp-decay.csv'));
    const accuracyOf = new Map(
      rows.map((row) => [`${row.variant} ${row.seed} ${row.granularity} ${row.pruneRate}`, row.accuracy]),
    );
    const folder = changeSweep('mnist-mlp-decay', (row) => {
      const variant = swap[row.variant] ?? row.variant;
      const accuracy = accuracyOf.get(`${variant} ${row.seed} ${row.granularity} ${row.pruneRate}`);
      return { ...row, accuracy: accuracy ?? row.accuracy };
    });
    const groupOf = (baselines: Baselines) =>
      judgeClaims(sources.claims, baselines)
        .find(({ claim }) => claim.id === id)
        ?.groups.find(({ setting }) => setting === 'mnist-mlp-decay');
    expect(groupOf(sources.baselines)?.verdict).toBe('confirmed');
    expect(groupOf(new Baselines(folder))?.verdict).toBe('not confirmed');
    expect(groupOf(new Baselines(folder))?.comparisons.map(({ outcome }) => outcome)).toContain('opposite');
    const turned = renderPage(readSources(folder));
    const orderIn = (text: string) =>
      /has one of 5e-4\..*\n?.*pruned: (?<first>[^;]*) \d/.exec(text)?.groups?.first;
    expect(orderIn(page)).toBe('targeted(0.66, 0.75) 97.19 ±');
    expect(orderIn(turned)).toBe('none 97.19 ±');
  });

  it('names the variants of an experiment that are not trained yet', () => {
    const render = (baselines: Baselines) =>
      renderPage({ ...sources, claims: [], baselines, template: '{{untrained mnist-mlp-decay}}' });
    expect(render(sources.baselines)).toBe('3 seeds a variant; all variants are trained.');
    const folder = changeSweep('mnist-mlp-decay', (row) => ({
      ...row,
      variant: row.variant === 'none' ? 'dropout-unit' : row.variant,
    }));
    expect(render(new Baselines(folder))).toBe('3 seeds a variant; not trained yet: none.');
  });

  it('says first what was not trained', () => {
    const [, , , , first] = page.split('\n');
    expect(first).toMatch(
      /^\*\*Nothing here was trained at the scale of the paper's tables .*\*\* Trained were: /,
    );
  });
});

describe('the template of docs/results.md', () => {
  const prose = sources.template.replaceAll(/\{\{[^{}]*\}\}/g, '');

  it('holds no accuracy outside its placeholders', () => {
    expect(prose.match(/\b\d+\.\d\d?(?= ?%| points|[ ,;.]*(±|$))/gm) ?? []).toEqual([]);
    expect(prose.match(/\b\d\d\.\d+/g) ?? []).toEqual([]);
  });

  it('orders no methods outside its placeholders', () => {
    const words =
      /\b(ahead|behind|better|worse|beats?|outperform\w*|loses? to|exceeds?|higher than|lower than|leads?)\b/gi;
    expect(prose.match(words) ?? []).toEqual([]);
  });

  it.each([
    ['an unknown name', '{{sum mnist-mlp}}', 'unknown, expected one of'],
    ['a table of no granularity', '{{table mnist-mlp layer}}', 'malformed'],
    ['a claim that there is not', '{{claim none-such}}', 'no claim of this id'],
    ['a variant that the sweep lacks', '{{cell mnist-mlp weight 0.9 nonne}}', 'no variant "nonne"'],
    ['an experiment that there is not', '{{untrained none-such}}', 'no experiment of this name'],
    ['an order without variants', '{{rank mnist-mlp weight 0.9}}', 'malformed'],
  ])('is refused with %s', (_, placeholder, message) => {
    expect(() => renderPage({ ...sources, claims: [], template: placeholder })).toThrow(message);
  });

  it('says that a number is not measured, and that a sweep is not there', () => {
    const render = (template: string) => renderPage({ ...sources, claims: [], template });
    expect(render('{{cell absent weight 0.9 none}}')).toBe('not measured');
    expect(render('{{rank absent weight 0.9: none, l1}}')).toBe('not measured');
    expect(render('{{table absent unit gamma recalibrated}}')).toBe(
      '*There is no committed sweep of absent (gamma, recalibrated), units pruned, yet.*',
    );
  });

  it('marks a number and a method that rest on one seed, and orders methods by their means', () => {
    const folder = temporaryFolder();
    const { rows } = new SweepRows()
      .add('plain', { name: 'none' }, { 0.9: [0.5, 0.6] })
      .add('once', { name: 'l1' }, { 0.9: 0.9123 });
    writeSweep(join(folder, 'few.csv'), rows);
    const render = (template: string) =>
      renderPage({ template, claims: [], baselines: new Baselines(folder) });
    expect(render('{{cell few weight 0.9 once}}')).toBe('91.23 (one seed)');
    expect(render('{{rank few weight 0.9: plain, once}}')).toBe('once 91.23 (one seed); plain 55.00 ± 7.07');
    expect(render('{{untrained few}}')).toBe('1 to 2 seeds a variant; all variants are trained.');
    const table = render('{{table few weight}}');
    expect(table).toContain('| plain | 2 | 55.00 ± 7.07 |');
    expect(table).toContain('| once ¹ | 1 | **91.23** |');
    expect(table).toContain('¹ one seed');
  });
});

describe('README.md', () => {
  it('names the seeds that its picture is of', () => {
    const [, fewest, named] =
      /the picture is of five, with 75 % pruned of ([a-z]+) to five, from\n`td run \S+ --seeds ([\d,]+)/.exec(
        readFileSync(README, 'utf8'),
      ) ?? [];
    const rows = (sources.baselines.find('mnist-mlp')?.rows ?? []).filter(
      ({ granularity }) => granularity === 'unit',
    );
    const drawn = ['none', 'dropout-unit', 'targeted-unit', 'targeted-unit-0.5', 'l1'];
    const seedsAt = (rate: number) =>
      drawn.map((variant) =>
        rows
          .filter((row) => row.variant === variant && row.pruneRate === rate)
          .map(({ seed }) => seed)
          .sort()
          .join(),
      );
    expect(new Set([0, 0.5, 0.7, 0.8, 0.9].flatMap(seedsAt))).toEqual(new Set([named]));
    const numbers = seedsAt(0.75).map((seeds) => seeds.split(',').length);
    expect([Math.min(...numbers), Math.max(...numbers)]).toEqual([fewest === 'two' ? 2 : 0, 5]);
  });

  it('says what was and was not trained as the sweeps have it', () => {
    const readme = readFileSync(README, 'utf8');
    expect(refreshReadme(readme, sources.baselines)).toBe(readme);
    expect(readme).toContain("Nothing here was trained at the scale of the paper's tables");
  });

  it('is refused without its markers', () => {
    expect(() => refreshReadme('# td', sources.baselines)).toThrow('lacks <!-- scale -->');
  });
});
