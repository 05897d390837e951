/** @file Writes what a process loads, modules and CommonJS files alike, to the file that TD_LOADED names: `node --import` it. */
import { appendFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';

const hooks = `
import { appendFileSync } from 'node:fs';
export function load(url, context, nextLoad) {
  appendFileSync(process.env.TD_LOADED, url + '\\n');
  return nextLoad(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const { cache } = createRequire(import.meta.url);
process.on('exit', () => appendFileSync(process.env.TD_LOADED, `${Object.keys(cache).join('\n')}\n`));
