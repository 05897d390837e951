import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { chartAccuracy } from '../../src/figures/charts/accuracy.ts';
import { LIGHT } from '../../src/figures/charts/theme.ts';
import { drawPng, drawSvg } from '../../src/figures/draw.ts';
import { listFigures } from '../../src/figures/list-figures.ts';
import type { AccuracyLine, ExperimentFigures, GranularityFigures } from '../../src/figures/types.ts';
import { writeFigures } from '../../src/figures/write-figures.ts';
import { temporaryFolder } from '../runs/temporary.ts';

const HOSTILE = '<script>alert(1)</script>&"\'';

function line(heading: string, style: number, means: readonly number[], deviation?: number): AccuracyLine {
  const points = means.map((mean, index) => ({
    rate: index / 10,
    accuracy: { mean, deviation, seeds: deviation === undefined ? 1 : 3 },
  }));
  return { heading, variant: heading, style, terms: 'dense', points };
}

const LINES = [line('none', 0, [0.9, 0.8, 0.1], 0.02), line('targeted(0.66, 0.75)', 1, [0.9, 0.9, 0.8])];

const ACCURACY = { evaluation: 'dense', suffix: '', lines: LINES };

const WEIGHT: GranularityFigures = {
  granularity: 'weight',
  accuracy: [ACCURACY],
  training: LINES.map(({ heading, variant, style }) => ({
    ...{ heading, variant, style },
    points: [1, 2].map((epoch) => ({
      epoch,
      testAccuracy: { mean: 0.9, deviation: undefined, seeds: 1 },
      trainLoss: { mean: 0.1, deviation: 0.3, seeds: 2 },
    })),
  })),
  weights: {
    rate: 0.75,
    binWidth: 0.1,
    panels: [
      {
        ...{ heading: 'none', variant: 'none', style: 0, seed: 0 },
        removed: [0.4, 0.1, 0],
        kept: [0, 0.2, 0.3],
        removedNorm: 0.125,
      },
    ],
  },
  layers: {
    rate: 0.75,
    layers: ['conv2', 'dense1'],
    rows: [
      {
        ...{ heading: 'none', variant: 'none', style: 0, seed: 0 },
        asTrained: [0.08, 0.06],
        pruned: [0.75, null],
      },
    ],
  },
};

function figuresOf(experiment: string, figures: Partial<GranularityFigures>): ExperimentFigures {
  return { experiment, granularities: [{ ...WEIGHT, ...figures }] };
}

/** The texts of an SVG document, as they are shown. */
function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>(.*?)<\/text>/g)].map(([, text = '']) => text);
}

describe('a figure', () => {
  const [accuracy, training, weights, layers] = listFigures(figuresOf('few', {})).map((figure) => ({
    name: figure.name,
    svg: drawSvg(figure),
  }));

  it('is one of accuracy, training, weights and layers', () => {
    const names = [accuracy, training, weights, layers].map((figure) => figure?.name);
    expect(names).toEqual(['accuracy-weight', 'training-weight', 'weights-weight', 'layers-weight']);
  });

  it('of accuracy says what it shows, names every method, and has lines, markers and a band of their colours', () => {
    const svg = accuracy?.svg ?? '';
    const texts = textsOf(svg);
    expect(texts).toContain('few: test accuracy after pruning weights');
    expect(texts).toContain('none');
    expect(texts).toContain('targeted(0.66, 0.75)');
    expect(texts).toContain('test accuracy');
    expect(texts).toContain('100 %');
    for (const style of [0, 1]) {
      const colour = LIGHT.lines[style];
      expect(svg).toMatch(new RegExp(`stroke="${colour}" stroke-width="2"`));
    }
    expect(svg).toMatch(new RegExp(`fill="${LIGHT.lines[0]}" fill-opacity="0.18"`));
    expect(svg).not.toMatch(new RegExp(`fill="${LIGHT.lines[1]}" fill-opacity`));
    expect(svg).toContain('stroke-dasharray');
  });

  it('of accuracy under another evaluation has it in its name and title, and each line says which its rows are', () => {
    const [none, targeted] = LINES as [AccuracyLine, AccuracyLine];
    const stochastic = { ...targeted, terms: 'stochastic with 5 draws' };
    const [plain, mixed, same] = listFigures(
      figuresOf('few', {
        accuracy: [
          ACCURACY,
          { evaluation: 'stochastic', suffix: '-stochastic', lines: [none, stochastic] },
          { evaluation: 'stochastic', suffix: '-stochastic', lines: [stochastic] },
        ],
      }),
    );
    expect([plain?.name, mixed?.name]).toEqual(['accuracy-weight', 'accuracy-weight-stochastic']);
    const texts = [mixed, same].map((figure) => (figure ? textsOf(drawSvg(figure)) : []));
    expect(texts[0]).toEqual(
      expect.arrayContaining([
        'few (stochastic): test accuracy after pruning weights',
        'none [dense]',
        'targeted(0.66, 0.75) [stochastic with 5 draws]',
      ]),
    );
    expect(texts[1]).toEqual(
      expect.arrayContaining([
        'targeted(0.66, 0.75)',
        'pruned without retraining; one seed; stochastic with 5 draws',
      ]),
    );
    // The legend is longer, and the plot is as wide as before.
    expect((mixed?.width ?? 0) - (plain?.width ?? 0)).toBeGreaterThan(100);
  });

  it('of accuracy on a logit axis has room for its bands, but for what lies at 0 or 100 %', () => {
    const look = { theme: LIGHT, width: 600, height: 400, isAlone: false };
    const view = { accuracyScale: 'logit', rateScale: 'linear' } as const;
    const draw = (lines: readonly AccuracyLine[]) => {
      const option = chartAccuracy('few', 'weight', { ...ACCURACY, lines }, look, view);
      return textsOf(drawSvg({ name: 'accuracy', width: 600, height: 400, option }));
    };
    expect(draw([line('none', 0, [0.9, 0.6], 0.02)])).toContain('95 %');
    expect(draw([line('none', 0, [0.9, 0.6], 0.12)])).not.toContain('95 %');
  });

  it('of training has a panel for validation accuracy where a run has it', () => {
    const validated = WEIGHT.training.map((one) => ({
      ...one,
      points: one.points.map((point) => ({ ...point, validationAccuracy: point.testAccuracy })),
    }));
    const figures = listFigures(figuresOf('few', { training: validated }));
    const texts = textsOf(drawSvg(figures.find(({ name }) => name === 'training-weight') as never));
    expect(texts).toContain('validation accuracy, nothing pruned');
    expect(texts.filter((text) => text === 'epoch')).toHaveLength(3);
    const usual = textsOf(training?.svg ?? '');
    expect(usual).not.toContain('validation accuracy, nothing pruned');
    expect(usual.filter((text) => text === 'epoch')).toHaveLength(2);
  });

  it.each([
    [[0.35, 0.64], 0.1, ['20 %', '30 %', '40 %', '50 %', '60 %', '70 %', '80 %']],
    [[0.3, 0.64], 0.004, ['20 %', '30 %', '40 %', '50 %', '60 %', '70 %']],
    [[0.97, 0.99], 0.012, ['95 %', '96 %', '97 %', '98 %', '99 %', '100 %']],
  ])(
    'of training has axes from below its bands to above them, with even ticks: %j ± %d',
    (means, deviation, ticks) => {
      const points = means.map((mean, index) => ({
        epoch: index + 1,
        testAccuracy: { mean, deviation, seeds: 3 },
        trainLoss: { mean: 1, deviation: 0.9, seeds: 3 },
      }));
      const lines = [{ heading: 'none', variant: 'none', style: 0, points }];
      const [figure] = listFigures(figuresOf('few', { accuracy: [], training: lines }));
      if (figure === undefined) throw new Error('there is a figure');
      const svg = drawSvg(figure);
      expect(textsOf(svg).filter((text) => text.endsWith(' %'))).toEqual(ticks);
      const [{ top, bottom }] = figure.option.grid as [{ top: number; bottom: number }];
      const bands = [...svg.matchAll(/<polygon points="([^"]+)"[^>]*fill-opacity="0.18"/g)];
      const heights = bands.map(([, band = '']) =>
        band.split(' ').flatMap((number, index) => (index % 2 === 1 ? Number(number) : [])),
      );
      expect(heights).toHaveLength(2);
      expect(Math.min(...heights.flat())).toBeGreaterThanOrEqual(top);
      expect(Math.max(...heights.flat())).toBeLessThanOrEqual(figure.height - bottom);
    },
  );

  it('of training shows a loss whose band reaches to 0 as far down as its mean needs', () => {
    const points = [1, 2].map((epoch) => ({
      epoch,
      testAccuracy: undefined,
      trainLoss: { mean: 0.5, deviation: 0.6, seeds: 3 },
    }));
    const lines = [{ heading: 'none', variant: 'none', style: 0, points }];
    const [figure] = listFigures(figuresOf('few', { accuracy: [], training: lines }));
    expect(figure?.option.yAxis).toMatchObject([{}, { type: 'log', min: 0.1, max: 10 }]);
  });

  it('of weights says what goes with the share of the squared norm', () => {
    const texts = textsOf(weights?.svg ?? '');
    expect(texts).toContain('removed at 75 %');
    expect(texts).toContain('kept');
    expect(texts).toContain('12.5 % of the squared norm removed');
  });

  it('of layers has a number for each layer that a network has', () => {
    const texts = textsOf(layers?.svg ?? '');
    for (const text of ['conv2', 'dense1', '8 %', '6 %', '75 %']) expect(texts).toContain(text);
    expect(texts.filter((text) => text === '75 %')).toHaveLength(1);
  });

  it('shows markup in names as text', () => {
    const hostile = figuresOf(HOSTILE, {
      accuracy: [{ ...ACCURACY, lines: [line(HOSTILE, 0, [0.5, 0.4])] }],
    });
    for (const figure of listFigures(hostile)) {
      const svg = drawSvg(figure);
      expect(svg).not.toContain('<script');
      expect(svg).toContain('&lt;script&gt;');
      expect(() => drawPng(svg)).not.toThrow();
    }
  });

  it('draws many points of a long training without a marker at each', () => {
    const points = Array.from({ length: 256 }, (_, index) => ({
      epoch: index + 1,
      testAccuracy: { mean: 0.9, deviation: undefined, seeds: 1 },
      trainLoss: undefined,
    }));
    const long = figuresOf('long', {
      accuracy: [],
      training: [{ heading: 'none', variant: 'none', style: 0, points }],
    });
    const [figure] = listFigures(long);
    if (figure === undefined) throw new Error('there is a figure');
    const markers = drawSvg(figure).match(new RegExp(`fill="${LIGHT.lines[0]}"`, 'g')) ?? [];
    expect(markers.length).toBeGreaterThan(5);
    expect(markers.length).toBeLessThan(40);
  });
});

describe('a PNG', () => {
  it('has twice the size of its figure, and its lines and letters', () => {
    const [figure] = listFigures(figuresOf('few', {}));
    if (figure === undefined) throw new Error('there is a figure');
    const { width, height, data, channels } = decode(drawPng(drawSvg(figure)));
    expect([width, height]).toEqual([2 * figure.width, 2 * figure.height]);
    const countColour = (hex: string, fromRow: number, toRow: number) => {
      const wanted = [1, 3, 5].map((start) => Number.parseInt(hex.slice(start, start + 2), 16));
      let count = 0;
      for (let index = fromRow * width * channels; index < toRow * width * channels; index += channels)
        if (wanted.every((value, channel) => data[index + channel] === value)) count++;
      return count;
    };
    expect(countColour(LIGHT.lines[1] ?? '', 0, height)).toBeGreaterThan(1000);
    // The title, above the plot: without a font there would be no letters.
    expect(countColour(LIGHT.text, 20, 60)).toBeGreaterThan(300);
  });
});

it('figures that are drawn say which, and of how many', () => {
  const results = temporaryFolder();
  mkdirSync(join(results, 'few'));
  const told: unknown[] = [];
  writeFigures(results, figuresOf('few', {}), (label, total) => ({
    update: (done, detail) => told.push([label, done, total, detail]),
    stop: () => told.push('stopped'),
  }));
  const label = 'drawing figures of few';
  expect(told).toEqual([
    [label, 0, 4, 'accuracy-weight'],
    [label, 1, 4, 'training-weight'],
    [label, 2, 4, 'weights-weight'],
    [label, 3, 4, 'layers-weight'],
    'stopped',
  ]);
});

it('figures are written beside the tables, as SVG and as PNG', () => {
  const results = temporaryFolder();
  mkdirSync(join(results, 'few'));
  const names = writeFigures(results, figuresOf('few', {}));
  expect(names).toHaveLength(4);
  for (const name of names) {
    const path = join(results, 'few', `figure-${name}`);
    expect(readFileSync(`${path}.svg`, 'utf8')).toMatch(/^<svg .*<\/svg>\s*$/s);
    expect(readFileSync(`${path}.png`).subarray(1, 4).toString()).toBe('PNG');
  }
});
