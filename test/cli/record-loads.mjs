/** @file Writes what a process loads, modules and CommonJS files alike, to the file that TD_LOADED names: `node --import` it. */
import { appendFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';

const hooks = `
import { appendFileSync } from 'node:fs';
export async function resolve(specifier, context, nextResolve) {
  const found = await nextResolve(specifier, context);
  appendFileSync(process.env.TD_LOADED, found.url + '\\n');
  return found;
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const { cache } = createRequire(import.meta.url);
process.on('exit', () => appendFileSync(process.env.TD_LOADED, `${Object.keys(cache).join('\n')}\n`));
