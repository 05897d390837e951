/** @file `npm run bench:floor`: the arithmetic of training steps, the share of this machine's fastest that they reach, and their costliest parts. */
import { Command, InvalidArgumentError } from 'commander';
import { traceStep } from '../../src/compiler/trace-step.ts';
import { loadTfjs } from '../../src/engines/load-tfjs.ts';
import { availableThreads } from '../../src/engines/threads.ts';
import type { Engine } from '../../src/engines/types.ts';
import { UserError } from '../../src/errors.ts';
import { median } from '../../src/median.ts';
import { PRECISIONS, type Precision } from '../../src/settings/precision.ts';
import type { TdRunner as TdRunnerType } from '../peers/td-runner.ts';
import { type PeerTask, taskOf, WORKLOADS, type Workload } from '../peers/workloads.ts';
import type { Parts } from './parts.ts';

// As td does.
await loadTfjs();
const { chooseEngine } = await import('../../src/engines/registry.ts');
const { describeStep, TdRunner } = await import('../peers/td-runner.ts');
const { countFlops } = await import('./flops.ts');
const { profileStep } = await import('./parts.ts');
const { compileProducts, PRODUCT_FLOPS } = await import('./peak.ts');

interface Options {
  readonly rounds: number;
  readonly threads: number;
  readonly only?: string;
}

const { rounds, threads, only } = new Command('bench:floor')
  .description('shows how near training steps come to what this machine computes at most')
  .option('--only <names>', 'workloads: mlp,lenet')
  .option('--rounds <n>', 'rounds in which all sides take turns', parseCount, 5)
  .option('--threads <n>', 'threads inside an operation', parseCount, availableThreads())
  .parse()
  .opts<Options>();

/** An engine in a precision, with all that is measured of it. */
interface Side {
  readonly name: string;
  readonly engine: Engine;
  readonly precision: Precision;
  /** Operations of a second in the product of two large matrices, the most that was seen. */
  peak: number;
}

const sides = await createSides();
const products = await Promise.all(sides.map(({ engine, precision }) => compileProducts(engine, precision)));

const measured: Measured[] = [];
for (const workload of chooseWorkloads()) measured.push(await measureWorkload(workload));
printResults(measured);
process.exit(0);

async function createSides(): Promise<Side[]> {
  const onnx = await chooseEngine('onnx', { threads, device: 'cpu' });
  const found: Side[] = [{ name: 'onnx', engine: onnx.engine, precision: 'float32', peak: 0 }];
  try {
    const { engine } = await chooseEngine('tensorflow', { threads, device: 'cpu' });
    found.push({ name: 'TensorFlow', engine, precision: 'float32', peak: 0 });
    if (engine.refusePrecision?.('bfloat16') === undefined)
      found.push({ name: 'TensorFlow, bf16', engine, precision: 'bfloat16', peak: 0 });
  } catch (error) {
    process.stderr.write(`without TensorFlow: ${error instanceof Error ? error.message : error}\n`);
  }
  return found;
}

function chooseWorkloads(): readonly Workload[] {
  const names = only?.split(',');
  for (const name of names ?? [])
    if (!WORKLOADS.some((workload) => workload.name === name)) throw new Error(`unknown workload "${name}"`);
  return WORKLOADS.filter(({ name }) => names?.includes(name) ?? true);
}

interface Measured {
  readonly workload: string;
  readonly flops: number;
  /** Milliseconds of a step of each side; absent where a side does not take it. */
  readonly steps: readonly (number | undefined)[];
  readonly parts: Parts;
}

async function measureWorkload(workload: Workload): Promise<Measured> {
  const comparand = { workload, variant: 'none', what: 'step' } as const;
  const task = taskOf(comparand, threads);
  const { training } = await describeStep(task);
  const flops = countFlops(traceStep(training.step, training.signature).traced);
  const runners = await Promise.all(sides.map((side) => createRunner(task, side)));
  const times: number[][] = sides.map(() => []);
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, side] of sides.entries()) {
      const { milliseconds } = (await runners[index]?.time(workload.runsPerTurn)) ?? { milliseconds: [] };
      if (round > 0) times[index]?.push(...milliseconds);
      await measurePeak(side, index);
    }
    process.stderr.write(`${workload.name}: round ${round} of ${rounds}\n`);
  }
  for (const runner of runners) runner?.dispose();
  const parts = await profileStep(task, workload.runsPerTurn * rounds);
  const steps = times.map((step) => (step.length === 0 ? undefined : median(step)));
  return { workload: workload.name, flops, steps, parts };
}

/** Nothing for a network that td does not train in a precision. */
async function createRunner(task: PeerTask, { engine, precision }: Side): Promise<TdRunnerType | undefined> {
  try {
    return await TdRunner.create({ ...task, settings: { ...task.settings, precision } }, engine);
  } catch (error) {
    if (precision === 'float32' || !(error instanceof UserError)) throw error;
    return undefined;
  }
}

function printResults(rows: readonly Measured[]): void {
  const header = [
    'workload',
    'GFLOP',
    ...sides.map(({ name }) => `${name}: ms, GFLOP/s, share`),
    'costliest parts on onnx',
  ];
  const lines = rows.map(({ workload, flops, steps, parts }) => {
    const cells = sides.map(({ precision }, index) => {
      const step = steps[index];
      if (step === undefined) return '';
      const perSecond = (1000 * flops) / step;
      const share = Math.round((100 * perSecond) / peakOf(precision));
      return `${step.toPrecision(3)}, ${formatBillions(perSecond)}, ${share} %`;
    });
    const costliest = parts.slice(0, 3).map(([name, share]) => `${name} ${Math.round(100 * share)} %`);
    return [`\`${workload}\``, (flops / 1e9).toPrecision(3), ...cells, costliest.join('; ')];
  });
  const table = [header, header.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
  const peaks = PRECISIONS.filter((precision) => peakOf(precision) > 0).map(
    (precision) => `${precision} ${formatBillions(peakOf(precision))} GFLOP/s`,
  );
  process.stdout.write(`${table.join('\n')}\n\nproducts of large matrices: ${peaks.join(', ')}\n`);
}

/** Of the fastest engine. */
function peakOf(precision: Precision): number {
  return Math.max(0, ...sides.filter((side) => side.precision === precision).map(({ peak }) => peak));
}

async function measurePeak(side: Side, index: number): Promise<void> {
  const began = performance.now();
  await products[index]?.();
  side.peak = Math.max(side.peak, (1000 * PRODUCT_FLOPS) / (performance.now() - began));
}

function formatBillions(number: number): string {
  return (number / 1e9).toFixed(0);
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('expected a whole number from 1');
  return count;
}
