/** @file `npm run bench:floor`: the arithmetic of training steps, the share of this machine's fastest that they reach, and their costliest parts. */
import { Command } from 'commander';
import { traceStep } from '../../src/compiler/trace-step.ts';
import { loadTfjs } from '../../src/engines/load-tfjs.ts';
import { availableThreads } from '../../src/engines/threads.ts';
import type { Engine } from '../../src/engines/types.ts';
import { UserError } from '../../src/errors.ts';
import { median } from '../../src/median.ts';
import { PRECISIONS, type Precision } from '../../src/settings/precision.ts';
import { countOption } from '../../src/terminal/options.ts';
import { printLine } from '../../src/terminal/progress.ts';
import { listOption, parseFlags, runScript } from '../command-line.ts';
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

const NAME = 'bench:floor';

interface Options {
  readonly rounds: number;
  readonly threads: number;
  readonly only: readonly string[];
}

/** An engine in a precision, with all that is measured of it. */
interface Side {
  readonly name: string;
  readonly engine: Engine;
  readonly precision: Precision;
  /** Operations of a second in the product of two large matrices, the most that was seen. */
  peak: number;

  /** Computes the product once. */
  multiply(): Promise<void>;
}

/** @returns the exit code */
async function benchmark(parameters: readonly string[]): Promise<number> {
  const command = new Command(NAME)
    .description('Shows how near training steps come to what this machine computes at most.')
    .addOption(
      listOption(
        '--only <workloads>',
        'networks',
        WORKLOADS.map(({ name }) => name),
      ),
    )
    .addOption(countOption('--rounds <n>', 'turns of each side').default(5))
    .addOption(
      countOption('--threads <n>', 'threads of each side').default(availableThreads(), 'all that td may use'),
    );
  const { only, ...limits } = parseFlags<Options>(command, NAME, parameters);
  const sides = await createSides(limits.threads);
  const measured: Measured[] = [];
  for (const workload of WORKLOADS.filter(({ name }) => only.includes(name)))
    measured.push(await measureWorkload(workload, sides, limits));
  printResults(measured, sides);
  return 0;
}

async function createSides(threads: number): Promise<Side[]> {
  const { engine: onnx } = await chooseEngine('onnx', { threads, device: 'cpu' });
  const sides = [await createSide('onnx', onnx, 'float32')];
  try {
    const { engine } = await chooseEngine('tensorflow', { threads, device: 'cpu' });
    sides.push(await createSide('TensorFlow', engine, 'float32'));
    if (engine.refusePrecision?.('bfloat16') === undefined)
      sides.push(await createSide('TensorFlow, bf16', engine, 'bfloat16'));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    printLine(`left out: ${error.message}`);
  }
  return sides;
}

async function createSide(name: string, engine: Engine, precision: Precision): Promise<Side> {
  return { name, engine, precision, peak: 0, multiply: await compileProducts(engine, precision) };
}

interface Measured {
  readonly workload: string;
  readonly flops: number;
  /** Milliseconds of a step of each side; absent where a side does not take it. */
  readonly steps: readonly (number | undefined)[];
  readonly parts: Parts;
}

async function measureWorkload(
  workload: Workload,
  sides: readonly Side[],
  { rounds, threads }: Pick<Options, 'rounds' | 'threads'>,
): Promise<Measured> {
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
      await measurePeak(side);
    }
    printLine(`${workload.name}: round ${round} of ${rounds}`);
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

function printResults(rows: readonly Measured[], sides: readonly Side[]): void {
  /** Of the fastest engine. */
  const peakOf = (precision: Precision) =>
    Math.max(0, ...sides.filter((side) => side.precision === precision).map(({ peak }) => peak));
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

async function measurePeak(side: Side): Promise<void> {
  const began = performance.now();
  await side.multiply();
  side.peak = Math.max(side.peak, (1000 * PRODUCT_FLOPS) / (performance.now() - began));
}

function formatBillions(number: number): string {
  return (number / 1e9).toFixed(0);
}

await runScript(NAME, benchmark);
