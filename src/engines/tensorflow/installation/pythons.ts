/** @file Finds the Pythons of this machine, and whether they have pip and TensorFlow, without importing either. */
import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../../errors.ts';
import { commandFor, foldersOnPath, isProgram, type Surroundings } from './help.ts';
import { type Ended, lastLine, runProgram } from './run-program.ts';

/** Milliseconds for which a Python may think about the question. */
const PATIENCE = 20_000;
/** Pythons that are asked at the same time: some machines have dozens. */
const AT_A_TIME = 4;

/**
 * What is asked of a Python. `-I` keeps modules of the working folder and PYTHONPATH out, and with them the folder for packages
 * that one user installed, which is looked at separately. Written so that Python 2 fails and nothing prints to its output.
 */
const QUESTION = `
import importlib.util, json, os, site, sys
if sys.prefix == sys.base_prefix:
    sys.path.append(site.getusersitepackages())
found = importlib.util.find_spec("tensorflow")
places = list(found.submodule_search_locations or []) if found else []
pip = importlib.util.find_spec("pip") is not None
print(json.dumps({"version": "%d.%d.%d" % sys.version_info[:3], "prefix": sys.prefix, "hasPip": pip, "tensorflow": places}))
`;

const answerSchema = z.object({
  /** `3.11.2` */
  version: z.string(),
  /** The folder that it lives in; a virtual environment has one of its own. */
  prefix: z.string(),
  hasPip: z.boolean(),
  /** Folders of a package named tensorflow, if it finds one. */
  tensorflow: z.array(z.string()),
});

export interface Python extends z.output<typeof answerSchema> {
  /** Path by which it is called. */
  readonly path: string;
}

/**
 * Every Python that answers, in the order of preference: of the active environment, on PATH, of pyenv.
 *
 * @param chosen path that the user named; then this one alone
 * @throws UserError if the chosen one does not answer as a Python 3
 */
export async function findPythons(
  surroundings: Surroundings,
  chosen?: string,
  signal?: AbortSignal,
): Promise<Python[]> {
  if (chosen !== undefined) return [await requirePython(chosen, signal)];
  const candidates = listCandidates(surroundings);
  const answers: (Python | Ended)[] = [];
  for (let first = 0; first < candidates.length; first += AT_A_TIME) {
    const some = candidates.slice(first, first + AT_A_TIME);
    const { environment } = surroundings;
    answers.push(...(await Promise.all(some.map((path) => askPython(path, environment, signal)))));
  }
  const pythons = answers.filter((answer) => 'prefix' in answer);
  return pythons.filter(
    (python, index) => pythons.findIndex(({ prefix }) => prefix === python.prefix) === index,
  );
}

/** The first that has pip. @throws UserError with the command that helps, if none has */
export function choosePip(pythons: readonly Python[], surroundings: Surroundings): Python {
  const [first] = pythons;
  if (first === undefined) {
    throw new UserError(
      `no Python 3 is on PATH, and its pip is what fetches TensorFlow; ${commandFor('python', surroundings)} brings it`,
    );
  }
  const found = pythons.find(({ hasPip }) => hasPip);
  if (found !== undefined) return found;
  throw new UserError(
    `${first.path} has no pip, which is what fetches TensorFlow; ${commandFor('pip', surroundings)} brings it`,
  );
}

/** Paths of programs that may be Pythons, each program once. */
export function listCandidates({ environment, platform, home }: Surroundings): string[] {
  const { VIRTUAL_ENV, CONDA_PREFIX, PYENV_ROOT = join(home, '.pyenv') } = environment;
  const active = [VIRTUAL_ENV, CONDA_PREFIX].filter((prefix) => prefix?.startsWith('/'));
  const paths = [
    ...active.map((prefix) => join(prefix ?? '', 'bin', 'python')),
    ...foldersOnPath(environment).flatMap((folder) => namesIn(folder).map((name) => join(folder, name))),
    ...listFolder(join(PYENV_ROOT, 'versions')).map((version) =>
      join(PYENV_ROOT, 'versions', version, 'bin', 'python'),
    ),
  ];
  const programs = paths.filter((path) => isProgram(path) && !isPlaceholder(path, platform));
  return programs.filter((path, index) => programs.findIndex((other) => isSame(other, path)) === index);
}

/** python3, python, python3.12 …, in this order; nothing else that begins so, such as python3-config. */
function namesIn(folder: string): string[] {
  const names = listFolder(folder).filter((name) => /^python(3(\.\d+)?)?$/.test(name));
  const rank = (name: string) => ['python3', 'python'].indexOf(name) >>> 0;
  return names.sort((a, b) => rank(a) - rank(b) || b.localeCompare(a, 'en', { numeric: true }));
}

/** Links to one program in one folder are one Python. In different folders they may be different environments. */
function isSame(one: string, other: string): boolean {
  const folderOf = (path: string) => realpathSync(join(path, '..'));
  return realpathSync(one) === realpathSync(other) && folderOf(one) === folderOf(other);
}

/** macOS without its command line tools has a python3 that only opens a window which offers them. */
function isPlaceholder(path: string, platform: NodeJS.Platform): boolean {
  if (platform !== 'darwin' || !path.startsWith('/usr/bin/')) return false;
  return ['/Library/Developer/CommandLineTools', '/Applications/Xcode.app'].every(
    (folder) => listFolder(folder).length === 0,
  );
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

async function requirePython(path: string, signal?: AbortSignal): Promise<Python> {
  const answer = await askPython(path, process.env, signal);
  if ('prefix' in answer) return answer;
  const { unstartable, code, stderr } = answer;
  const reason =
    unstartable === 'ENOENT'
      ? 'there is no such program'
      : (unstartable ?? (stderr.trim().split('\n').at(-1) || `it ended with ${code ?? 'a signal'}`));
  throw new UserError(`--python: ${path} does not answer as a Python 3 would: ${reason}`);
}

async function askPython(
  path: string,
  environment: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<Python | Ended> {
  const ended = await runProgram(path, ['-I', '-c', QUESTION], { environment, timeout: PATIENCE, signal });
  if (ended.code !== 0) return ended;
  try {
    return { path, ...answerSchema.parse(JSON.parse(lastLine(ended.stdout))) };
  } catch {
    return { ...ended, code: undefined, stderr: 'it answers something else' };
  }
}
