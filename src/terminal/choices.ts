/** @file What an experiment can choose from by name, for help texts. */
import { datasets } from '../data/registry.ts';
import { methods } from '../methods/registry.ts';
import { models } from '../models/registry.ts';

/** Of help texts, as commander wraps its own. */
const COLUMNS = 80;

/** Data sets and models with a summary each, then the names of the methods, in lines of at most 80 characters. */
export function describeChoices(): string {
  const named = [...datasets, ...models].map(({ name }) => name.length);
  const width = Math.max(...named);
  return [
    'Data sets, as dataset.name:',
    ...Array.from(datasets, (dataset) => describeChoice(dataset, width)),
    '',
    'Models, as model.name:',
    ...Array.from(models, (model) => describeChoice(model, width)),
    '',
    wrap(`Methods, as regularizer.name: ${methods.names.join(', ')}.`, 0),
  ].join('\n');
}

function describeChoice({ name, summary }: { name: string; summary: string }, width: number): string {
  const indent = width + 4;
  return `  ${name.padEnd(width)}  ${wrap(summary, indent)}`;
}

/** @param indent columns that are taken on the first line, and left empty on the others */
function wrap(text: string, indent: number): string {
  return text.split(' ').reduce((wrapped, word) => {
    const line = wrapped.slice(wrapped.lastIndexOf('\n') + 1);
    const taken = wrapped.includes('\n') ? line.length : indent + line.length;
    return `${wrapped}${taken + 1 + word.length > COLUMNS ? `\n${' '.repeat(indent)}` : ' '}${word}`;
  });
}
