/** @file npm run bench:memory: what trainings take at most, beside what td estimates before it begins them. */
import { Command, Option } from 'commander';
import { availableThreads } from '../../src/engines/threads.ts';
import { formatColumns } from '../../src/terminal/words.ts';
import { ACCURACY } from '../../src/training/memory.ts';
import { measureMemory } from './process.ts';
import { listWorkloads, METHODS, MODELS } from './workloads.ts';

const HELP = `
Trains each model with each method for a few steps and two epochs, in a process of
its own, on as many images as the data set has. Exit code 1 if an estimate is off
by more than a quarter.`;

const chooseOption = (flags: string, names: readonly string[]) =>
  new Option(flags, names.join(', ')).default(names, 'all').argParser((text: string) => text.split(','));

const command = new Command()
  .addOption(chooseOption('--models <names>', Object.keys(MODELS)))
  .addOption(chooseOption('--methods <names>', Object.keys(METHODS)))
  .option('--threads <n>', 'threads inside an operation', Number, availableThreads())
  .addHelpText('after', HELP)
  .parse();
const { models, methods, threads } = command.opts<{ models: string[]; methods: string[]; threads: number }>();

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
const rows: string[][] = [];
for (const { model, method, settings } of listWorkloads(models, methods)) {
  const { peak, estimate } = await measureMemory(settings, threads);
  const ratio = estimate / peak;
  const isClose = ratio <= ACCURACY && ratio >= 1 / ACCURACY;
  if (!isClose) process.exitCode = 1;
  const row = [model, method, megabytes(peak), megabytes(estimate), ratio.toFixed(2), isClose ? '' : 'off'];
  process.stderr.write(`${row.join('  ')}\n`);
  rows.push(row);
}
process.stdout.write(`${formatColumns(['model', 'method', 'measured', 'estimate', 'ratio', ''], rows)}\n`);
