/** @file How a module of td is started as a process of its own. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Words that follow `node`: the module as it was compiled for a package, or in a checkout its source, which tsx loads.
 *
 * @param folder of the module's source
 * @param name of its file, without the ending
 */
export function scriptWords(folder: string, name: string): string[] {
  const compiled = join(folder, `${name}.js`);
  if (existsSync(compiled)) return [compiled];
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm')).href;
  return ['--import', loader, join(folder, `${name}.ts`)];
}
