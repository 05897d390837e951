/** @file What an experiment can choose from by name, for help texts. */
import { methods } from '../methods/registry.ts';
import { models } from '../models/registry.ts';

/** Of help texts, as commander wraps its own. */
const COLUMNS = 80;

/** Models with a summary each, then the names of the methods, in lines of at most 80 characters. */
export function describeChoices(): string {
  const width = Math.max(...models.names.map((name) => name.length));
  return [
    'Models, as model.name:',
    ...Array.from(models, ({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    wrap(`Methods, as regularizer.name: ${methods.names.join(', ')}.`),
  ].join('\n');
}

function wrap(text: string): string {
  return text.split(' ').reduce((wrapped, word) => {
    const line = wrapped.slice(wrapped.lastIndexOf('\n') + 1);
    return `${wrapped}${line.length + 1 + word.length > COLUMNS ? '\n' : ' '}${word}`;
  });
}
