/** @file Flags that say how pruned networks are judged, and which evaluation a command shows. */
import { Option } from 'commander';
import type { AskedEvaluation } from '../methods/evaluations.ts';
import { EVALUATIONS } from '../pruning/types.ts';
import type { EvaluationView } from '../sweeps/evaluations.ts';
import { parseChoice, parseList } from './options.ts';

const ASKED: readonly AskedEvaluation[] = [...EVALUATIONS, 'paper'];

/** One or several evaluations. */
export function evaluationsOption(): Option {
  const description = `how pruned networks are judged: ${ASKED.join(', ')} (default: dense)`;
  return new Option('--evaluate <how>', description).argParser((text) => {
    const names = parseList(text, '--evaluate', 'evaluations');
    return names.map((name) => parseChoice(name, ASKED, '--evaluate'));
  });
}

/** @param otherwise what holds if the flag is absent, in words */
function evaluateOption(otherwise: string): Option {
  const description = `which evaluation: ${ASKED.join(', ')} (default: ${otherwise})`;
  return new Option('--evaluate <how>', description).argParser((text) =>
    parseChoice(text, ASKED, '--evaluate'),
  );
}

/** Which evaluation a command shows. */
export interface ViewOptions {
  readonly evaluate?: AskedEvaluation;
  readonly recalibrated?: boolean;
}

/**
 * The flags of whatever shows one evaluation.
 *
 * @param otherwise what is shown without them, in words
 */
export function viewOptions(otherwise = 'dense'): Option[] {
  return [evaluateOption(otherwise), new Option('--recalibrated', 'with batch-norm averages taken anew')];
}

export function viewOf({ evaluate = 'dense', recalibrated = false }: ViewOptions): EvaluationView {
  return { evaluate, recalibrated };
}
