/** @file Chooses the Python whose virtual environment PyTorch is installed into. */
import {
  commandFor,
  findOnPath,
  type Surroundings,
} from '../../../src/engines/tensorflow/installation/help.ts';
import { findPythons, type Python } from '../../../src/engines/tensorflow/installation/pythons.ts';
import { runProgram } from '../../../src/engines/tensorflow/installation/run-program.ts';
import { UserError } from '../../../src/errors.ts';
import { PINNED_VERSION } from './locate.ts';

/** The first Python 3 that PyTorch 2.15 has packages for. */
const OLDEST_MINOR = 11;
/** Milliseconds for which a Python may think about the question. */
const PATIENCE = 20_000;
/** Debian has both in a package of its own, and without ensurepip an environment would have no pip. */
const QUESTION = 'import ensurepip, venv';

/**
 * The first that can make a virtual environment with pip in it.
 *
 * @throws UserError with the command that helps, if none can
 */
export async function choosePython(surroundings: Surroundings, signal?: AbortSignal): Promise<Python> {
  const pythons = await findPythons(surroundings, undefined, signal);
  const [first] = pythons;
  if (first === undefined)
    throw new UserError(
      `no Python 3 is on PATH, into whose virtual environment PyTorch is installed; ${commandFor('python', surroundings)} brings it`,
    );
  const recent = pythons.filter(({ version }) => Number(version.split('.')[1]) >= OLDEST_MINOR);
  const [newest] = recent;
  if (newest === undefined)
    throw new UserError(
      `${first.path} is Python ${first.version}, and PyTorch ${PINNED_VERSION} needs 3.${OLDEST_MINOR} or newer; put a newer python3 on PATH`,
    );
  const { environment } = surroundings;
  for (const python of recent) {
    const ended = await runProgram(python.path, ['-I', '-c', QUESTION], {
      environment,
      timeout: PATIENCE,
      signal,
    });
    if (ended.code === 0) return python;
  }
  const help =
    findOnPath('apt-get', environment) === undefined
      ? 'install its modules venv and ensurepip'
      : 'apt-get install python3-venv brings what is missing';
  throw new UserError(`${newest.path} cannot make virtual environments with pip; ${help}`);
}
