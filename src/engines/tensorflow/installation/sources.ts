/** @file The sources of the native module: tfjs-node-gpu's own, and the headers of Node's interface. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '../../../errors.ts';

const TFJS_NODE = '@tensorflow/tfjs-node-gpu';
const HEADERS = 'node-api-headers';

export interface ModuleSources {
  /** Version of tfjs-node-gpu. */
  readonly version: string;
  /** Copies the sources into a folder. @returns what the compiler needs to know of them */
  copyTo(folder: string): CopiedSources;
}

export interface CopiedSources {
  /** Of the native module. */
  readonly sources: readonly string[];
  /** Of the small module beside it, which is td's own. */
  readonly helper: string;
  /** Of the kernels, which are td's own, too. */
  readonly kernels: string;
  /** Folders of headers. */
  readonly includes: readonly string[];
}

const NATIVE = join(import.meta.dirname, '../native');

/** Names of td's own sources, in the folder `native`. */
export function ownSources(): string[] {
  return readdirSync(NATIVE).filter((name) => /\.(cc|h)$/.test(name));
}

/** What td's own sources are, in a few digits: another number tells that a module was built from others. */
export function hashOwnSources(): string {
  const hash = createHash('sha256');
  for (const name of ownSources().sort()) hash.update(`${name}\n`).update(readFileSync(join(NATIVE, name)));
  return hash.digest('hex').slice(0, 16);
}

/**
 * Finds both packages as Node finds modules, which holds for pnpm's store of links and for yarn's archives, too. They are
 * copied before they are compiled: a compiler cannot look into an archive.
 *
 * @param from a module or folder from which the packages can be found
 * @throws UserError if a package is not installed
 */
export function findSources(from: string = import.meta.url): ModuleSources {
  const binding = join(packageFolder(TFJS_NODE, from), 'binding');
  const headers = join(packageFolder(HEADERS, from), 'include');
  const { version } = JSON.parse(readFileSync(join(binding, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  return {
    version,
    copyTo(folder) {
      copyFiles(binding, join(folder, 'binding'));
      copyFiles(headers, join(folder, 'node-api'));
      const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(folder, 'binding', name));
      for (const name of ownSources()) writeFileSync(join(folder, name), readFileSync(join(NATIVE, name)));
      const [helper, kernels] = [join(folder, 'process.cc'), join(folder, 'kernels.cc')];
      return { sources, helper, kernels, includes: [join(folder, 'node-api')] };
    },
  };
}

function packageFolder(name: string, from: string): string {
  try {
    return dirname(createRequire(from).resolve(`${name}/package.json`));
  } catch {
    throw new UserError(
      `the npm package ${name} is not installed, whose sources td builds the native module from; "npm ci --include=optional" in td's folder installs it`,
    );
  }
}

/** By reading and writing, which goes through what yarn makes of Node's file system; copying goes past it. */
function copyFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) writeFileSync(join(to, name), readFileSync(join(from, name)));
}
