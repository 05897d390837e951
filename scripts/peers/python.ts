/** @file Finds a Python interpreter that has PyTorch. */
import { spawnSync } from 'node:child_process';
import { z } from 'zod';
import { UserError } from '../../src/errors.ts';
import { parseJson } from '../../src/files/json.ts';
import { locatePytorch } from './installation/locate.ts';

export interface Python {
  readonly command: string;
  readonly torch: string;
  /** File names of the linear algebra libraries that PyTorch has loaded, such as `libopenblasp-r0.3.21.so`. */
  readonly libraries: readonly string[];
}

/** Prints what the schema below describes. */
const PROBE = `
import json, os, re, torch
try:
    paths = {line.split()[-1] for line in open("/proc/self/maps")}
except OSError:
    paths = set()
names = sorted({os.path.basename(path) for path in paths})
found = [name for name in names if re.search("(?<!cu)blas|mkl", name.lower())]
print(json.dumps({"torch": torch.__version__, "libraries": found}))
`;

const probeSchema = z.strictObject({ torch: z.string(), libraries: z.array(z.string()) });

/** Other places to look, unless the user names one. */
const CANDIDATES = ['python3', '/usr/bin/python3'];

/**
 * The first interpreter that can import torch: that of the environment variable TD_PYTHON alone if it is set, else the one
 * that `npm run bench:install` has made, `python3`, the system's own.
 *
 * @throws UserError if there is none
 */
export function findPython(candidates: readonly string[] = listCandidates(process.env)): Python {
  for (const command of candidates) {
    const { status, stdout } = spawnSync(command, ['-c', PROBE], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (status === 0) return { command, ...parseJson(stdout, probeSchema, command) };
  }
  throw new UserError(
    `PyTorch is not found (looked at: ${candidates.join(', ')}); npm run bench:install brings it, or name an interpreter ` +
      'that has it in the environment variable TD_PYTHON',
  );
}

export function listCandidates(environment: NodeJS.ProcessEnv): readonly string[] {
  const { TD_PYTHON } = environment;
  if (TD_PYTHON) return [TD_PYTHON];
  const installed = locatePytorch(environment);
  return [...(installed === undefined ? [] : [installed.python]), ...CANDIDATES];
}

/** Whether PyTorch multiplies with a library that is made for speed. Without one it is several times as slow. */
export function hasFastLibrary({ libraries }: Python): boolean {
  return libraries.length === 0 || libraries.some((name) => /openblas|mkl|blis|accelerate/i.test(name));
}
