/** @file npm run bench:memory: what trainings take at most, beside what td estimates before it begins them. */
import { Command } from 'commander';
import { availableThreads } from '../../src/engines/threads.ts';
import { countOption } from '../../src/terminal/options.ts';
import { printTable } from '../../src/terminal/output.ts';
import { ACCURACY } from '../../src/training/memory.ts';
import { listOption, parseFlags, runScript } from '../command-line.ts';
import { measureMemory } from './process.ts';
import { listWorkloads, METHODS, MODELS } from './workloads.ts';

const NAME = 'bench:memory';

const HELP = `
Trains each model with each method for a few steps and two epochs, in a process of
its own, on as many images as the data set has. Exit code 1 if an estimate is off
by more than a quarter.`;

interface Options {
  readonly models: readonly string[];
  readonly methods: readonly string[];
  readonly threads: number;
}

/** @returns the exit code */
async function benchmark(parameters: readonly string[]): Promise<number> {
  const command = new Command(NAME)
    .description('Measures the memory of trainings beside the estimate of it.')
    .addOption(listOption('--models <names>', 'networks', Object.keys(MODELS)))
    .addOption(listOption('--methods <names>', 'methods', Object.keys(METHODS)))
    .addOption(
      countOption('--threads <n>', 'threads inside an operation').default(
        availableThreads(),
        'all that td may use',
      ),
    )
    .addHelpText('after', HELP);
  const { models, methods, threads } = parseFlags<Options>(command, NAME, parameters);
  const rows: string[][] = [];
  let areClose = true;
  for (const { model, method, settings } of listWorkloads(models, methods)) {
    const { peak, estimate } = await measureMemory(settings, threads);
    const ratio = estimate / peak;
    const isClose = ratio <= ACCURACY && ratio >= 1 / ACCURACY;
    areClose &&= isClose;
    const row = [model, method, megabytes(peak), megabytes(estimate), ratio.toFixed(2), isClose ? '' : 'off'];
    process.stderr.write(`${row.join('  ')}\n`);
    rows.push(row);
  }
  printTable(['model', 'method', 'measured', 'estimate', 'ratio', ''], rows);
  return areClose ? 0 : 1;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

await runScript(NAME, benchmark);
