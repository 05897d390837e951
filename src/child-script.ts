/** @file How a module of td is started as a process or a thread of its own. */
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

/**
 * What a thread is started with: the module, or in a checkout some words that have tsx load its source.
 *
 * @param folder of the module's source
 * @param name of its file, without the ending
 */
export function threadModule(folder: string, name: string): URL {
  const compiled = join(folder, `${name}.js`);
  if (existsSync(compiled)) return pathToFileURL(compiled);
  const api = createRequire(import.meta.url)
    .resolve('tsx/esm/api')
    .replace(/\.cjs$/, '.mjs');
  const loader = pathToFileURL(api).href;
  const source = pathToFileURL(join(folder, `${name}.ts`)).href;
  // Threads do not inherit what was registered for their process, and tsx registers itself for no thread but the first.
  const words = `import { register } from ${JSON.stringify(loader)}; register(); await import(${JSON.stringify(source)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(words)}`);
}
