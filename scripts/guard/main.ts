/** @file npm run bench:guard: fails if a training step has become slower, in units of a matrix product of the same run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { createOnnxEngine } from '../../src/engines/onnx/engine.ts';
import { countOption } from '../../src/terminal/options.ts';
import { printTable } from '../../src/terminal/output.ts';
import { parseFlags, runScript } from '../command-line.ts';
import { createCalibration } from './calibration.ts';
import { compareFigures, type Figures, figureOf, figuresSchema } from './compare.ts';
import { createWorkload, WORKLOADS } from './workloads.ts';

const NAME = 'bench:guard';
const FIGURES = join(import.meta.dirname, 'figures.json');
/** Milliseconds of steps that go before those that count: JavaScript is compiled as it warms. */
const WARMUP = 1500;
/** How often a workload that seems slower is measured once more. */
const REPEATS = 2;

interface Options {
  readonly rounds: number;
  readonly update?: boolean;
}

/** @returns the exit code */
async function main(parameters: readonly string[]): Promise<number> {
  const command = new Command(NAME)
    .description('compares the processor time of training steps with the committed figures')
    .addOption(
      countOption('--rounds <n>', 'times each workload so often, beside the calibration').default(20),
    )
    .option('--update', 'writes the figures instead of comparing with them');
  const { rounds, update } = parseFlags<Options>(command, NAME, parameters);
  const measured = await measure(WORKLOADS, rounds);
  if (update) {
    writeFileSync(FIGURES, `${JSON.stringify(measured, null, 2)}\n`);
    process.stdout.write(`written to ${FIGURES}\n`);
    return 0;
  }
  const committed = figuresSchema.parse(JSON.parse(readFileSync(FIGURES, 'utf8')));
  let comparisons = compareFigures(measured, committed);
  // What seems slower is measured again: the programs around disturb caches too, but a slower step stays slower.
  for (let repeat = 0; repeat < REPEATS && comparisons.some(({ fails }) => fails); repeat++) {
    const slower = comparisons
      .filter(({ fails }) => fails)
      .map(({ workload }) => [workload, WORKLOADS[workload] ?? {}]);
    const again = await measure(Object.fromEntries(slower), rounds);
    for (const [name, figure] of Object.entries(again))
      measured[name] = Math.min(figure, measured[name] ?? figure);
    comparisons = compareFigures(measured, committed);
  }
  const rows = comparisons.map(({ workload, measured, committed, growth, fails }) => [
    workload,
    measured.toFixed(2),
    committed?.toFixed(2) ?? '',
    growth?.toFixed(2) ?? '',
    fails ? 'slower' : 'ok',
  ]);
  printTable(['workload', 'measured', 'committed', 'growth', ''], rows);
  return comparisons.some(({ fails }) => fails) ? 1 : 0;
}

/** Rounds of all workloads on one thread, each beside a calibration, so that both see the same machine. */
async function measure(workloads: typeof WORKLOADS, rounds: number): Promise<Figures> {
  const engine = await createOnnxEngine({ threads: 1 });
  const calibrate = await createCalibration();
  const figures: Figures = {};
  for (const [name, settings] of Object.entries(workloads)) {
    process.stderr.write(`${name}\n`);
    const step = await createWorkload(engine, settings);
    const times: { calibration: number; workload: number }[] = [];
    for (let spent = 0; spent < WARMUP; ) spent += await processorTime(step);
    for (let round = 0; round < rounds; round++) {
      times.push({ calibration: await processorTime(calibrate), workload: await processorTime(step) });
    }
    figures[name] = Number(figureOf(times).toPrecision(4));
  }
  return figures;
}

/** Milliseconds of user and system time: other processes do not count, as they would in time that passes. */
async function processorTime(run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

await runScript(NAME, main);
