/** @file The accuracies that the headers of configs/ let expect are those of the committed sweeps. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Baselines } from '../../../scripts/results/baselines.ts';
import { BASELINE } from '../../../scripts/results/page.ts';
import { loadExperiment } from '../../../src/config/load.ts';
import { DENSE_VIEW } from '../../../src/sweeps/evaluations.ts';

const CONFIGS = join(import.meta.dirname, '../../../configs');
const baselines = new Baselines(BASELINE);

interface Expectation {
  readonly variant: string;
  readonly granularity: 'weight' | 'unit';
  /** 0 to 1. */
  readonly rate: number;
  /** Percent, with the digits that the header has. */
  readonly accuracy: string;
}

/** What follows `Expected:` up to the next such word, in one line. */
function expectedIn(text: string): string {
  const comment = text
    .split('\n')
    .filter((line) => line.startsWith('#'))
    .map((line) => line.slice(1).trim())
    .join(' ');
  return /Expected:(.*?)(?= [A-Z][a-z]+( by)?: {2}| Time:|$)/.exec(comment)?.[1] ?? '';
}

/** `90 % of weights pruned: none 90.89, l1 92.53` */
function readExpectations(expected: string, variants: readonly string[]): Expectation[] {
  const clauses = expected.split(/(?=test accuracy|\b\d+ % of (?:weights|units) pruned)/);
  return clauses.flatMap((clause) => {
    // Where nothing is pruned, either row will do; some sweeps prune units alone.
    const [, rate = '0', what = 'units'] = /^(\d+) % of (weights|units)/.exec(clause) ?? [];
    const pairs = [...clause.matchAll(/(?<variant>[a-z][\w.-]*) (?<accuracy>\d+(\.\d+)?)(?=[,;.]|$)/g)];
    return pairs.flatMap(({ groups: { variant = '', accuracy = '' } = {} }) =>
      variants.includes(variant)
        ? [{ variant, granularity: what === 'units' ? 'unit' : 'weight', rate: Number(rate) / 100, accuracy }]
        : [],
    );
  });
}

/** Nothing if it names none, so that all count. */
function readSeeds(expected: string): number[] | undefined {
  const [, first, last = first] = /\bseeds? (\d+)(?: to (\d+))?/.exec(expected) ?? [];
  if (first === undefined) return undefined;
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
}

const headers = readdirSync(CONFIGS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => {
    const experiment = loadExperiment(join(CONFIGS, file));
    const expected = expectedIn(readFileSync(join(CONFIGS, file), 'utf8'));
    const variants = experiment.variants.map(({ name }) => name);
    return {
      file,
      experiment: experiment.name,
      expected,
      expectations: readExpectations(expected, variants),
    };
  });

describe('the header of an experiment', () => {
  const checked = headers.filter(
    ({ experiment, expectations }) => expectations.length > 0 && baselines.find(experiment) !== undefined,
  );

  it('has accuracies for those with a committed sweep', () => {
    const counts = Object.fromEntries(checked.map(({ file, expectations }) => [file, expectations.length]));
    expect(counts).toEqual({
      'ci.yaml': 4,
      'demo.yaml': 6,
      'medium/cifar-resnet20.yaml': 1,
      'mnist-lenet.yaml': 20,
      'mnist-mlp.yaml': 16,
      'quick/cifar-resnet.yaml': 1,
      'quick/cifar-wide-resnet.yaml': 1,
      'quick/cifar10-vgg.yaml': 1,
      'quick/criteria.yaml': 8,
    });
  });

  it('says what was tuned, and on which images', () => {
    const short = headers.filter(({ file }) => /^(quick|medium)\//.test(file));
    expect(short.length).toBeGreaterThan(8);
    for (const { file } of short)
      expect(readFileSync(join(CONFIGS, file), 'utf8'), file).toMatch(
        /^# Tuned: {6}(nothing|.*\b5,000 training images held out\b)/m,
      );
  });

  it.each(checked)('says what the sweep has: $file', ({ experiment, expected, expectations }) => {
    const seeds = readSeeds(expected);
    for (const { accuracy, ...place } of expectations) {
      const measured = baselines.accuraciesOf({
        experiment,
        ...place,
        view: DENSE_VIEW,
      });
      expect([...measured.keys()].sort(), place.variant).toEqual(seeds ?? [...measured.keys()].sort());
      const mean = [...measured.values()].reduce((sum, value) => sum + value, 0) / measured.size;
      const digits = accuracy.split('.')[1]?.length ?? 0;
      expect((100 * mean).toFixed(digits), `${place.variant}, ${100 * place.rate} %`).toBe(accuracy);
    }
  });
});
