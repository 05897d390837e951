/** @file td engines uninstall: removes what td engines install has put on this machine. */
import type { Command } from 'commander';
import { requireInstallable } from '../../engines/installable.ts';
import { uninstallTensorflow } from '../../engines/tensorflow/installation/install.ts';
import { installationFolder } from '../../engines/tensorflow/installation/paths.ts';
import { thisSite } from '../../engines/tensorflow/installation/plan.ts';
import { startFetchStage } from '../../terminal/fetch-progress.ts';
import { print } from '../../terminal/output.ts';
import { printLine } from '../../terminal/progress.ts';

export function define(command: Command): void {
  command.action(uninstallEngine);
}

/**
 * @throws UserError if there is no such engine
 * @throws BusyError if another process is installing it
 */
async function uninstallEngine(engine: string): Promise<void> {
  requireInstallable(engine);
  const site = thisSite();
  const folder = installationFolder(site.environment);
  const wasThere = await uninstallTensorflow(site, { startStage: startFetchStage, say: printLine });
  print(wasThere ? `removed ${folder}` : `tensorflow is not installed: there is no ${folder}`);
}
