/** @file What an experiment can choose from by name, for help texts. */
import { methods } from '../methods/registry.ts';

/** Of help texts, as commander wraps its own. */
const COLUMNS = 80;

/** `Methods, as regularizer.name: none, dropout …`, in lines of at most 80 characters. */
export function describeChoices(): string {
  return wrap(`Methods, as regularizer.name: ${methods.names.join(', ')}.`);
}

function wrap(text: string): string {
  return text.split(' ').reduce((wrapped, word) => {
    const line = wrapped.slice(wrapped.lastIndexOf('\n') + 1);
    return `${wrapped}${line.length + 1 + word.length > COLUMNS ? '\n' : ' '}${word}`;
  });
}
