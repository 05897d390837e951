/** @file npm run bench:install: installs the PyTorch that td is measured by. */
import { Command, CommanderError } from 'commander';
import { thisSite } from '../../src/engines/tensorflow/installation/plan.ts';
import { BusyError, UserError } from '../../src/errors.ts';
import { takesEscapes } from '../../src/terminal/capabilities.ts';
import { describeFailure } from '../../src/terminal/failures.ts';
import { InterruptedError, interruptible, listenForSignals } from '../../src/terminal/interruption.ts';
import { type Progress, printLine, startProgress } from '../../src/terminal/progress.ts';
import { refuseSlips, rewordUsageErrors } from '../../src/terminal/usage-errors.ts';
import { installPytorch } from './installation/install.ts';
import { locatePytorch, PINNED_VERSION, type PytorchInstallation } from './installation/locate.ts';

const NAME = 'npm run bench:install --';

const HELP = `
A virtual environment in td's cache folder (TD_CACHE, else ~/.cache/td) gets
torch==${PINNED_VERSION} and numpy, through pip with its ordinary settings: about 3 GB to
fetch and 5.4 GB on the disk on Linux, where the package brings CUDA. npm run
bench:peers finds it. To be rid of it, remove the folder.

Exit codes:
  0  installed, now or before
  2  something is missing, or pip or the disk did not do its part
  75 another process is installing it`;

async function main(): Promise<number> {
  try {
    parse(process.argv.slice(2));
    const present = locatePytorch();
    if (present !== undefined) {
      tell('is installed already', present);
      return 0;
    }
    const installed = await interruptible((signal) =>
      installPytorch(thisSite(), { startStage, say: printLine }, signal),
    );
    tell('is installed', installed);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof InterruptedError) return error.exitCode;
    printLine(`bench:install: ${describeFailure(error)}`);
    if (error instanceof BusyError) return 75;
    return error instanceof UserError ? 2 : 1;
  }
}

function parse(parameters: readonly string[]): void {
  const command = new Command('bench:install')
    .description(`Installs PyTorch ${PINNED_VERSION}, which npm run bench:peers measures td by.`)
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', HELP)
    .exitOverride();
  rewordUsageErrors(command, NAME);
  refuseSlips(command, []);
  command.parse([...parameters], { from: 'user' });
}

/** A bar where there can be one, elsewhere a line when it begins, and one for each package. */
function startStage(label: string, total: number): Progress {
  if (!takesEscapes(process.stderr)) printLine(label);
  return startProgress(label, total);
}

function tell(what: string, { torch, python }: PytorchInstallation): void {
  process.stdout.write(`PyTorch ${torch} ${what}: ${python}\n`);
}

listenForSignals((code) => process.exit(code));
process.exit(await main());
