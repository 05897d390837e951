/** @file A day of training in miniature: what the process holds stays the same from epoch to epoch, and so does an epoch's cost. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Sample } from './day-process.ts';
import { isSoak } from './form.ts';

const PROGRAM = join(import.meta.dirname, 'day-process.ts');
const MEGABYTE = 1e6;

/** Engines, with epochs and how often the process is looked at. */
const DAYS: [engine: string, epochs: number, every: number][] = isSoak
  ? [
      ['onnx', 2000, 50],
      ['reference', 300, 15],
    ]
  : [
      ['onnx', 150, 10],
      ['reference', 30, 3],
    ];

/** Growth in bytes that counts as none. A copy of the state kept at each epoch would be 0.4 MB an epoch. */
const LIMITS = { heap: MEGABYTE, external: MEGABYTE, resident: 16 * MEGABYTE };

/** In another process, so that it holds nothing but a training. */
async function train(engine: string, epochs: number, every: number): Promise<Sample[]> {
  const results = mkdtempSync(join(tmpdir(), 'td-day-'));
  onTestFinished(() => rmSync(results, { recursive: true, force: true }));
  const parameters = [
    '--expose-gc',
    '--import',
    'tsx',
    PROGRAM,
    engine,
    String(epochs),
    String(every),
    results,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, parameters);
  return JSON.parse(stdout) as Sample[];
}

/** The slope of the line of least squares through points. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [middle, level] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const covariance = mean(points.map(([x, y]) => (x - middle) * (y - level)));
  return covariance / mean(points.map(([x]) => (x - middle) ** 2));
}

describe.each(DAYS)('%s, over %i epochs', (engine, epochs, every) => {
  it('keeps memory flat, opens nothing that it does not close, and takes no longer for late epochs', async () => {
    const samples = await train(engine, epochs, every);
    expect(samples).toHaveLength(epochs / every);
    // The first third warms up: code is compiled, pools are filled.
    const warm = samples.slice(Math.ceil(samples.length / 3));
    const [first, last] = [warm[0], warm.at(-1)] as [Sample, Sample];
    for (const key of ['heap', 'external', 'resident'] as const) {
      const slope = slopeOf(warm.map((sample) => [sample.epoch, sample[key]]));
      const inWords = `${key} grew by ${((1000 * slope) / MEGABYTE).toFixed(2)} MB per 1,000 epochs`;
      process.stderr.write(`${engine}: ${inWords}\n`);
      expect(slope * (last.epoch - first.epoch), inWords).toBeLessThan(LIMITS[key]);
    }
    expect(last.tensors).toBe(first.tensors);
    expect(last.descriptors).toBe(first.descriptors);
    expect(last.handles).toBeLessThanOrEqual(first.handles + 1);
    const costs = [warm.slice(0, warm.length / 2), warm.slice(warm.length / 2)].map(
      (half) => half.reduce((sum, { processorTime }) => sum + processorTime, 0) / half.length,
    );
    expect((costs[1] ?? 0) / (costs[0] ?? 0), `milliseconds an epoch: ${costs}`).toBeLessThan(2);
  });
});
