/** @file The command line: commands, flags and their help. Each command's code is loaded when it is called. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { ENGINE_NAMES } from '../engines/types.ts';
import { suggest } from '../errors.ts';

const DESCRIPTION = `Trains small image networks with targeted dropout and the methods it is compared with, prunes every trained network at increasing rates, and writes tables that compare them.`;

const EXAMPLES = `
Examples:
  td run configs/mnist-mlp.yaml                     train every variant that is not trained yet
  td run configs/mnist-mlp.yaml --only none,l1      two of its variants
  td run configs/mnist-mlp.yaml --set schedule.epochs=5 --dry-run
  td sweep configs/mnist-mlp.yaml --prune 0:0.99    prune what is trained, write and print the tables
  td list                                           what there is, trained and unfinished

Exit codes: 0 done, 1 a run failed, 2 a mistake in the command line, a config or a file.`;

export function createProgram(): Command {
  const program = new Command('td')
    .description(DESCRIPTION)
    .addHelpText('after', EXAMPLES)
    .version('0.1.0', '-v, --version', 'print the version')
    .helpCommand(false)
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(wordError(text)) })
    .exitOverride();
  addRun(program);
  addSweep(program);
  addList(program);
  addData(program);
  addEngines(program);
  addBench(program);
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap(({ commands }) => commands),
  ]) {
    command.configureHelp({ showGlobalOptions: false }).exitOverride();
  }
  return program;
}

function addRun(program: Command): void {
  program
    .command('run')
    .description('train every variant of an experiment that is not trained yet')
    .argument('<experiment...>', 'experiment files (YAML)')
    .option('--only <variants>', 'only these variants, separated by commas', parseNames)
    .option('--seeds <seeds>', "these seeds instead of the experiment's, separated by commas", parseSeeds)
    .option(
      '--set <path=value>',
      'override a setting, for example schedule.epochs=5 (repeatable)',
      collect,
      [],
    )
    .option('--dry-run', 'say what would be trained, and do nothing')
    .option('--print-config', 'print the resolved settings, and do nothing')
    .addOption(resultsOption())
    .addOption(engineOption())
    .addOption(threadsOption())
    .addHelpText(
      'after',
      `
A run is one variant with one seed. Its folder is results/<experiment>/<variant>/seed-<n>-<hash>, where the hash
covers every setting that can change the numbers. A run that is done is skipped, one that was cut off goes on from
its last checkpoint.`,
    )
    .action(async (files, options) => (await import('./run.ts')).run(files, options));
}

function addSweep(program: Command): void {
  program
    .command('sweep')
    .description('prune trained networks at increasing rates, and compare them in tables')
    .argument('[experiment...]', 'experiment files (YAML); every experiment with trained runs if absent')
    .option(
      '--prune <rates>',
      "rates and ranges, for example 0.5,0.9 or 0:0.99 or 0:0.9:0.05 (default: the experiment's)",
    )
    .addOption(new Option('--granularity <what>', 'what is pruned').choices(['weight', 'unit', 'both']))
    .addOption(resultsOption())
    .addOption(engineOption())
    .addOption(threadsOption())
    .addHelpText(
      'after',
      `
The range a:b is the paper's grid 0, 0.1 … 0.9, 0.95, 0.98, 0.99 cut to [a, b]; a:b:step is a regular one. All
prunable weights lose the same share, the lowest-ranked entries of each column (weight) or the lowest-ranked columns
of each layer (unit), without retraining. Rates that sweep.csv has for the same checkpoint are not computed again.`,
    )
    .action(async (files, options) => (await import('./sweep.ts')).sweep(files, options));
}

function addList(program: Command): void {
  program
    .command('list')
    .description('list runs: state, accuracy, time')
    .argument('[experiment...]', 'names of experiments; all if absent')
    .option('--json', 'print JSON')
    .addOption(resultsOption())
    .action(async (names, options) => (await import('./list.ts')).list(names, options));
}

function addData(program: Command): void {
  const data = program.command('data').description('list and verify data sets').helpCommand(false);
  data
    .command('list')
    .description('list the data sets, and where they lie')
    .option('--json', 'print JSON')
    .action(async (options) => (await import('./data.ts')).listData(options));
  data
    .command('verify')
    .description('hash every file of a data set and compare with what is expected')
    .argument('[name]', 'data set; all if absent')
    .option('--path <folder>', 'verify the files in this folder')
    .action(async (name, options) => (await import('./data.ts')).verifyData(name, options));
}

function addEngines(program: Command): void {
  program
    .command('engines')
    .description('list what can compute here, and why the rest cannot')
    .option('--json', 'print JSON')
    .action(async (options) => (await import('./engines.ts')).engines(options));
}

function addBench(program: Command): void {
  program
    .command('bench')
    .description("time the training step and the evaluation of an experiment's variant")
    .argument('<experiment>', 'experiment file (YAML)')
    .option('--only <variants>', 'variants to time, separated by commas (default: the first)', parseNames)
    .option('--batch <n>', "batch size instead of the experiment's", parseCount)
    .option('--steps <n>', 'timed steps, after a tenth as many for warm-up', parseCount, 50)
    .option('--set <path=value>', 'override a setting (repeatable)', collect)
    .option('--json', 'print JSON')
    .addOption(engineOption())
    .addOption(threadsOption())
    .action(async (file, options) => (await import('./bench.ts')).bench(file, options));
}

function resultsOption(): Option {
  return new Option('--results <folder>', 'where results are read and written').default('results');
}

function engineOption(): Option {
  const names = ['auto', ...ENGINE_NAMES];
  return new Option('--engine <name>', `what computes: ${names.join(', ')}`)
    .default('auto')
    .argParser((name) => {
      if (names.includes(name)) return name;
      throw new InvalidArgumentError(`Unknown engine${suggest(name, names)}.`);
    });
}

function threadsOption(): Option {
  return new Option('--threads <n>', 'threads inside an operation (default: all cores)').argParser(
    parseCount,
  );
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number above 0.');
  return Number(text);
}

function parseNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === ''))
    throw new InvalidArgumentError('Expected names separated by commas.');
  return names;
}

function parseSeeds(text: string): number[] {
  return parseNames(text).map((seed) => {
    if (!/^\d{1,15}$/.test(seed))
      throw new InvalidArgumentError('Expected whole numbers separated by commas.');
    return Number(seed);
  });
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** Commander's message as one line in the form of all others. */
function wordError(text: string): string {
  const sentence = text
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ');
  return `td: ${sentence}\n`;
}
