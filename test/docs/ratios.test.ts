/** @file What README.md says of td's speed beside PyTorch is what the table in docs/performance.md holds, and the table's ratios are those of its times. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { at } from '../../src/lookup.ts';
import { ROOT } from './shown-calls.ts';

interface Row {
  readonly what: string;
  /** Milliseconds. */
  readonly onnx: number;
  readonly tensorflow: number;
  readonly pytorch: number;
  readonly onnxRatio: number;
  readonly bestRatio: number;
  readonly best: string;
}

const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** Of the first table under the heading. */
function readRows(): Row[] {
  const section = at(read('docs/performance.md').split('\n## Ratios\n'), 1);
  const table = at(
    section.split('\n\n').filter((part) => part.startsWith('|')),
    0,
  );
  return table
    .split('\n')
    .slice(2)
    .map((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      const numberIn = (column: number) => Number.parseFloat(at(cells, column).replace(/[*,]/g, ''));
      return {
        what: at(cells, 3),
        onnx: numberIn(4),
        tensorflow: numberIn(5),
        pytorch: numberIn(6),
        onnxRatio: numberIn(7),
        bestRatio: numberIn(8),
        best: /\((.*)\)/.exec(at(cells, 8))?.[1] ?? '',
      };
    });
}

const rows = readRows();

it('the ratios of the table are those of its times', () => {
  expect(rows).toHaveLength(15);
  for (const { onnx, tensorflow, pytorch, onnxRatio, bestRatio, best } of rows) {
    // Times have three digits or, below 10 ms, two behind the point.
    const rounding = 0.005 + (pytorch < 1 ? 0.02 : 0.005);
    expect(Math.abs(onnxRatio - onnx / pytorch)).toBeLessThan(rounding);
    expect(Math.abs(bestRatio - Math.min(onnx, tensorflow) / pytorch)).toBeLessThan(rounding);
    expect(best).toBe(tensorflow < onnx ? 'TensorFlow' : 'onnx');
  }
});

it('README.md names the range of the steps', () => {
  const steps = rows.filter(({ what }) => what === 'step');
  const range = (ratios: readonly number[]) =>
    `${Math.min(...ratios).toFixed(1)} to ${Math.max(...ratios).toFixed(1)}`;
  const sentence = `On a processor with AVX-512 a step takes ${range(steps.map(({ onnxRatio }) => onnxRatio))} times as long as in PyTorch 2.15, and with TensorFlow installed ${range(steps.map(({ bestRatio }) => bestRatio))} times`;
  expect(read('README.md').replace(/\s+/g, ' ')).toContain(sentence);
});
