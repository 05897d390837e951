/** @file Accuracies that pages name in their sentences and small tables are those of the committed sweeps. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Baselines } from '../../scripts/results/baselines.ts';
import { BASELINE } from '../../scripts/results/page.ts';
import type { Granularity } from '../../src/pruning/types.ts';
import { DENSE_VIEW } from '../../src/sweeps/evaluations.ts';
import { ROOT } from './shown-calls.ts';

const baselines = new Baselines(BASELINE);
const RECALIBRATED = { evaluate: 'dense', recalibrated: true } as const;

/** A page in one line. */
function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8').replace(/\s+/g, ' ');
}

/** Compares as much of a page as the sentence is long, from its beginning on, so that a failure is read at a glance. */
function expectSentence(page: string, sentence: string): void {
  const start = page.indexOf(sentence.slice(0, 20));
  expect(page.slice(Math.max(0, start)).slice(0, sentence.length)).toBe(sentence);
}

interface Place {
  readonly experiment: string;
  readonly granularity: Granularity;
  readonly view?: typeof DENSE_VIEW | typeof RECALIBRATED;
  /** All that are committed if absent. */
  readonly seed?: number;
}

/** Mean over seeds in percent, with two digits; of so many seeds. */
function meanOf(place: Place, variant: string, rate: number, seeds: number): string {
  const { experiment, granularity, view = DENSE_VIEW, seed } = place;
  const all = baselines.accuraciesOf({ experiment, variant, granularity, rate, view });
  const values = [...all].flatMap(([own, accuracy]) =>
    seed === undefined || own === seed ? [accuracy] : [],
  );
  expect(values, `${experiment}, ${variant}, ${rate}`).toHaveLength(seeds);
  return (100 * (values.reduce((sum, value) => sum + value, 0) / values.length)).toFixed(2);
}

describe('accuracies in docs/methods.md', () => {
  const page = read('docs/methods.md');

  it('with and without weight decay', () => {
    const decay = { experiment: 'mnist-mlp-decay', granularity: 'weight' } as const;
    const without = { experiment: 'mnist-mlp', granularity: 'weight' } as const;
    const pair = (place: Place, rate: number, seeds: number) =>
      ['none', 'targeted-weight'].map((variant) => meanOf(place, variant, rate, seeds)) as [string, string];
    const [[a, b], [c, d], [e, f], [g, h]] = [
      pair(decay, 0.9, 3),
      pair(without, 0.9, 5),
      pair(decay, 0.95, 3),
      pair(without, 0.95, 5),
    ];
    expectSentence(
      page,
      `LeNet-300-100, at 90 % of weights pruned: none ${a} and targeted-weight ${b} with 5e-4 (three seeds), ${c} and ${d} without (five); at 95 %: ${e} and ${f} with, ${g} and ${h} without.`,
    );
  });

  it('before and after averages are taken anew', () => {
    const units = { experiment: 'quick-cifar-resnet', granularity: 'unit' } as const;
    const anew = { ...units, view: RECALIBRATED };
    const of = (place: Place, variant: string, rate: number) => meanOf(place, variant, rate, 3);
    expectSentence(
      page,
      `mean of three seeds, targeted-unit has ${of(units, 'targeted-unit', 0)} % of the test images right when nothing is pruned and ` +
        `${of(units, 'targeted-unit', 0.6)} % when 60 % of the units are, and ${of(anew, 'targeted-unit', 0)} and ` +
        `${of(anew, 'targeted-unit', 0.6)} % once the averages are taken anew over 1,000 training images in the network as it stands; ` +
        `ramping-weight ${of(units, 'ramping-weight', 0)} and ${of(anew, 'ramping-weight', 0)} % when nothing is pruned.`,
    );
  });
});

describe('accuracies in docs/export.md', () => {
  it('of the networks that were measured', () => {
    const page = read('docs/export.md');
    const place = { experiment: 'mnist-lenet', granularity: 'unit', seed: 0 } as const;
    for (const [pruned, rate] of [
      ['none', 0],
      ['50 %', 0.5],
      ['80 %', 0.8],
    ] as const)
      expect(page).toContain(`| ${pruned} | ${meanOf(place, 'targeted-unit', rate, 1)} % |`);
  });
});

describe.each(['weight', 'unit'] as const)(
  'the table of the demo in README.md, %ss pruned',
  (granularity) => {
    const [, body = ''] =
      readFileSync(join(ROOT, 'README.md'), 'utf8').split(`| ${granularity}s pruned | plain training `) ?? [];
    const rows = [
      ...body
        .split('\n\n', 1)
        .join('')
        .matchAll(/^\| (\d+) % \| (.*) \|$/gm),
    ];

    it('has five rates', () => expect(rows).toHaveLength(5));

    it.each(rows.map(([, rate, cells]) => [Number(rate), cells ?? ''] as const))(
      'has what its sweep has, the best of the row marked: %s %%',
      (rate, cells) => {
        const place = { experiment: 'demo', granularity } as const;
        const numbers = ['none', `dropout-${granularity}`, `targeted-${granularity}`].map((variant) =>
          meanOf(place, variant, rate / 100, 1),
        );
        const best = Math.max(...numbers.map(Number));
        expect(cells).toBe(
          numbers.map((number) => (Number(number) === best ? `**${number}**` : number)).join(' | '),
        );
      },
    );
  },
);
