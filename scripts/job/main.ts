/**
 * @file How long whole commands take beside what they cannot do without: `npm run bench:job`. Exit code 1 if one takes more
 * than its limit.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { median } from '../../src/median.ts';
import { countOption } from '../../src/terminal/options.ts';
import { printTable } from '../../src/terminal/output.ts';
import { parseFlags, runScript } from '../command-line.ts';
import { type Bare, type Chosen, measureBare, measureRun, measureSweep, type RunTimes } from './measure.ts';

const NAME = 'bench:job';
/** The whole command in units of what it cannot do without; and seconds from the command to its first step. */
const LIMITS = { run: 1.08, sweep: 1.2, start: 1.5 };
const EXPERIMENT = 'configs/quick/cifar-resnet.yaml';
/** The paper's thirteen in the middle. */
const RATES = ['0,0.5', '0:0.99', '0:0.99:0.03'];
const STARTED = ['configs/mnist-mlp.yaml', 'configs/mnist-lenet.yaml', EXPERIMENT];

interface Options extends Chosen {
  readonly epochs: number;
  readonly starts: number;
}

/** @returns the exit code */
function benchmark(parameters: readonly string[]): number {
  const command = new Command(NAME)
    .description(
      'Times td run and td sweep as a whole beside their bare steps and evaluations, and starts of td run.',
    )
    .option('--variant <name>', 'variant of the experiment that is trained', 'none')
    .addOption(countOption('--epochs <n>', 'epochs of the training').default(14))
    .addOption(countOption('--starts <n>', 'how often each start is timed').default(3))
    .option('--engine <name>', 'what computes', 'onnx')
    .addOption(countOption('--threads <n>', 'threads inside an operation'));
  const options = parseFlags<Options>(command, NAME, parameters);
  const folder = mkdtempSync(join(tmpdir(), 'td-job-'));
  try {
    const rows = [...compareWhole(folder, options), ...compareStarts(folder, options)];
    printTable(
      ['', 'whole', 'bare', 'ratio', 'limit', ''],
      rows.map(({ what, whole, bare, value, limit }) => [
        what,
        `${whole.toFixed(2)} s`,
        bare === undefined ? '' : `${bare.toFixed(2)} s`,
        bare === undefined ? '' : value.toFixed(3),
        String(limit),
        value <= limit ? 'ok' : 'above',
      ]),
    );
    return rows.some(({ value, limit }) => value > limit) ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Row {
  readonly what: string;
  /** Seconds. */
  readonly whole: number;
  /** Seconds; absent for a start, which is held against seconds. */
  readonly bare?: number;
  readonly value: number;
  readonly limit: number;
}

/**
 * Steps are timed in the training itself, passes over the test images before, between and after the whole commands, so that all see the
 * same machine.
 */
function compareWhole(folder: string, { epochs, ...chosen }: Options): Row[] {
  const bare: Bare[] = [];
  const timeBare = () => bare.push(measureBare(EXPERIMENT, chosen));
  timeBare();
  const run = measureRun(folder, EXPERIMENT, chosen, epochs);
  timeBare();
  const sweeps = RATES.map((rates) => measureSweep(folder, EXPERIMENT, chosen, rates));
  timeBare();
  const evaluation = mean(bare.map(({ evaluation }) => evaluation));
  const steps = bare.map(({ step }) => (1000 * step).toFixed(1)).join(', ');
  process.stderr.write(
    `${describeRun(run)}; outside of it a step took ${steps} ms before, between and after, and an evaluation ${evaluation.toFixed(2)} s\n`,
  );
  return [
    rowOf(`td run, ${run.steps} steps`, run.seconds, run.secondsOf.steps, LIMITS.run),
    ...sweeps.map(({ seconds, evaluations }) =>
      rowOf(`td sweep, ${evaluations} evaluations`, seconds, evaluations * evaluation, LIMITS.sweep),
    ),
  ];
}

/** `in the training a step took 90.0 ms, beside them 5.4 % for evaluations, 0.9 % for feeds and 0.6 % for all else` */
function describeRun({ seconds, steps, secondsOf }: RunTimes): string {
  const share = (part: number) => `${((100 * part) / secondsOf.steps).toFixed(1)} %`;
  const rest = seconds - secondsOf.steps - secondsOf.evaluation - secondsOf.feeds;
  return (
    `in the training a step took ${((1000 * secondsOf.steps) / steps).toFixed(1)} ms, beside them ${share(secondsOf.evaluation)} for evaluations, ` +
    `${share(secondsOf.feeds)} for feeds and ${share(rest)} for all else`
  );
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function rowOf(what: string, whole: number, bare: number, limit: number): Row {
  return { what, whole, bare, value: whole / bare, limit };
}

function compareStarts(folder: string, { starts, epochs: _, ...chosen }: Options): Row[] {
  return STARTED.map((experiment, place) => {
    const { compile } = measureBare(experiment, { ...chosen, variant: 'none' });
    const seconds = Array.from({ length: starts }, (_, index) => {
      const results = join(folder, `start-${place}-${index}`);
      return measureRun(results, experiment, { ...chosen, variant: 'none' }, 1).untilCompiled;
    });
    const whole = median(seconds) + compile;
    return { what: `start of td run ${experiment}`, whole, value: whole, limit: LIMITS.start };
  });
}

await runScript(NAME, benchmark);
