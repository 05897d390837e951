/** @file What bench:floor counts and sorts, against counts by hand. */
import { expect, it } from 'vitest';
import { countFlops } from '../../scripts/floor/flops.ts';
import { partsOf } from '../../scripts/floor/parts.ts';
import { describeStep } from '../../scripts/peers/td-runner.ts';
import { taskOf, WORKLOADS } from '../../scripts/peers/workloads.ts';
import { traceStep } from '../../src/compiler/trace-step.ts';

async function flopsOf(name: string, what: 'step' | 'evaluation'): Promise<number> {
  const workload = WORKLOADS.find((workload) => workload.name === name);
  if (workload === undefined) throw new Error(`no workload ${name}`);
  const variant = what === 'step' ? 'none' : 'any';
  const { training } = await describeStep(taskOf({ workload, variant, what }, 1));
  return countFlops(traceStep(training.step, training.signature).traced);
}

it('counts the products of an MLP: forward, to the weights, and to the inputs of all layers but the first', async () => {
  const [first, others] = [784 * 300, 300 * 100 + 100 * 10];
  expect(await flopsOf('mlp', 'evaluation')).toBe(2 * 128 * (first + others));
  expect(await flopsOf('mlp', 'step')).toBe(2 * 128 * (2 * first + 3 * others));
});

it('counts the convolutions of LeNet-5 at every place of their filters', async () => {
  const first = 5 * 5 * 20 * 24 * 24;
  const others = 5 * 5 * 20 * 50 * 8 * 8 + 4 * 4 * 50 * 500 + 500 * 10;
  expect(await flopsOf('lenet', 'step')).toBe(2 * 128 * (2 * first + 3 * others));
});

it('counts 3 × 3, strided and 1 × 1 convolutions of the paper’s ResNet-32', async () => {
  expect((await flopsOf('resnet32', 'step')) / 1e9).toBeCloseTo(208, -1);
});

it('divides a step among kinds of operations and the host', () => {
  const entry = (name: string, op_name: string, shape: readonly number[], dur: number, first = [8, 100]) => ({
    cat: 'Node',
    name: `${name}_kernel_time`,
    dur,
    args: { op_name, input_type_shape: [{ float: first }], output_type_shape: [{ float: shape }] },
  });
  const run = (factor: number) => [
    entry('a', 'Conv', [8, 16, 4, 4], 2000 * factor),
    entry('g', 'Col2Im', [8, 16, 6, 6], 1000 * factor, [8, 400, 16]),
    entry('b', 'Conv', [1, 16, 3, 48], 2000 * factor),
    entry('c', 'Conv', [1, 128, 1, 1], 500 * factor),
    entry('d', 'FusedMatMul', [8, 10], 1200 * factor),
    // Sums of what each image gives, of a large batch and of a small one.
    entry('h', 'MatMul', [1, 1, 720], 200 * factor, [1, 128]),
    entry('i', 'MatMul', [1, 720], 100 * factor, [1, 8]),
    entry('e', 'MatMul', [36, 65536], 300 * factor, [36, 36]),
    entry('f', 'FusedMatMul', [36, 128, 128], 700 * factor, [36, 512, 128]),
  ];
  const other = { cat: 'Session', name: 'model_run', dur: 1e9 };
  // The first run does not count.
  const entries = [...run(100), other, ...run(1), ...run(1)];
  expect(partsOf(entries, { skipped: 1, milliseconds: [10, 10], batch: 8 })).toEqual([
    ['convolutions and data gradients', 0.3],
    ['filter gradients', 0.2],
    ['host: updates, noise, calls', 0.2],
    ['matrix products', 0.15],
    ['minimal filtering', 0.1],
    ['sums, means and pools', 0.05],
  ]);
});
