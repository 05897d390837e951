/** @file Figures of experiments with names as long as they may be: each can be read, and stands in its place. */
import { describe, expect, it } from 'vitest';
import { drawSvg } from '../../src/figures/draw.ts';
import { type Figure, listFigures } from '../../src/figures/list-figures.ts';
import type { GranularityFigures } from '../../src/figures/types.ts';
import { listOverlaps, listTextBoxes } from './text-boxes.ts';

/** 100 characters. */
const EXPERIMENT = `${'a-study-of-rivals-'.repeat(5)}long-names`;
const WIDE = 'ABCDEFGHIJ'.repeat(10);

const HEADINGS = [
  'none',
  'targeted(0.66, 0.75): targeted-weight--schedule.optimizer.momentum-0.9--schedule.learningRate-0.05',
  'targeted(0.66, 0.75): targeted-weight--schedule.optimizer.momentum-0.95--schedule.learningRate-0.05',
  WIDE,
  'variational, KL × 1',
];
const LINES = HEADINGS.map((heading, style) => ({ heading, variant: heading, style, seed: 0 }));

const cell = (mean: number) => ({ mean, deviation: 0.05, seeds: 3 });

/** Of a network whose first bar is cut off. */
const BARS = { removed: [0.8, 0.05, 0.01, 0], kept: [0, 0, 0.04, 0.1], removedNorm: 0.1234 };

const FIGURES: GranularityFigures = {
  granularity: 'unit',
  accuracy: [
    {
      evaluation: 'stochastic, recalibrated',
      suffix: '-stochastic-recalibrated',
      lines: LINES.map((line, index) => ({
        ...line,
        terms: `stochastic with ${index} draws`,
        points: [0, 0.5, 0.9].map((rate) => ({ rate, accuracy: cell(0.9 - rate / 2) })),
      })),
    },
  ],
  training: LINES.map((line) => ({
    ...line,
    points: [1, 2, 3].map((epoch) => ({
      epoch,
      testAccuracy: cell(0.6 + 0.1 * epoch),
      trainLoss: cell(1 / epoch),
    })),
  })),
  weights: { rate: 0.75, binWidth: 0.1, panels: LINES.map((line) => ({ ...line, ...BARS })) },
  layers: {
    rate: 0.75,
    layers: ['conv1', 'group1/block1/convolution2', 'group1/block2/convolution2', 'dense'],
    rows: LINES.map((line) => ({
      ...line,
      asTrained: [0.1, 0.2, null, 0.4],
      pruned: [0.7, 0.75, 0.75, null],
    })),
  },
  costs: [
    {
      kind: 'multiply-adds',
      isMeasured: true,
      lines: LINES.map((line) => ({
        ...line,
        points: [0, 0.5].map((rate) => ({ rate, cost: 1 - rate, accuracy: cell(0.9 - rate) })),
      })),
    },
  ],
  grids: [
    {
      base: 'targeted-weight, schedule.epochs 200',
      granularity: 'unit',
      axes: ['schedule.optimizer.momentum', 'schedule.learningRate'],
      values: [['0.9'], ['0.0001', '0.00000123456789']],
      pruneRate: 0.8,
      cells: [[cell(0.5), cell(0.6)]],
    },
    {
      base: 'targeted-weight',
      granularity: 'unit',
      axes: ['name', 'targetRate'],
      values: [
        ['a-method-whose-name-is-longer-than-a-line', 'none'],
        ['0.5', '0.75'],
      ],
      pruneRate: 0.8,
      cells: [
        [cell(0.5), cell(0.6)],
        [cell(0.5), null],
      ],
    },
  ],
};

const figures = listFigures({ experiment: EXPERIMENT, granularities: [FIGURES] });

function boxesOf(figure: Figure) {
  return listTextBoxes(drawSvg(figure));
}

describe.each(figures.map((figure) => [figure.name, figure] as const))('long names in %s', (_, figure) => {
  it('stand within the picture, and none upon another', () => {
    const boxes = boxesOf(figure);
    const beyond = boxes.filter(
      ({ left, top, right, bottom }) => left < 0 || top < 0 || right > figure.width || bottom > figure.height,
    );
    expect(beyond).toEqual([]);
    expect(listOverlaps(boxes)).toEqual([]);
  });

  it('are there to their last letter', () => {
    const written = boxesOf(figure)
      .map(({ text }) => text)
      .join('');
    expect(written.replaceAll(' ', '')).toContain(EXPERIMENT);
    if (figure.name.startsWith('grid')) return;
    const whole = HEADINGS.map((heading) => heading.replaceAll(' ', ''));
    for (const heading of whole) expect(written.replaceAll(' ', '')).toContain(heading);
  });
});

it('a legend of long names leaves the picture a width that a page has room for', () => {
  expect(figures.find(({ name }) => name.startsWith('accuracy-unit'))?.width).toBeLessThan(1100);
});
