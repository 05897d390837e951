/** @file Flags that say how pruned networks are judged, and which evaluation a command shows. */
import { Option } from 'commander';
import { ASKED_EVALUATIONS, type AskedEvaluation } from '../methods/evaluations.ts';
import type { EvaluationView } from '../sweeps/evaluations.ts';
import { parseChoice, parseList } from './options.ts';

/** One or several evaluations. */
export function evaluationsOption(): Option {
  const description = `how pruned networks are judged: ${ASKED_EVALUATIONS.join(', ')} (default: dense)`;
  return new Option('--evaluate <how>', description).argParser((text) => {
    const names = parseList(text, '--evaluate', 'evaluations');
    return names.map((name) => parseChoice(name, ASKED_EVALUATIONS, '--evaluate'));
  });
}

/** @param otherwise what holds if the flag is absent, in words */
function evaluateOption(otherwise: string): Option {
  const description = `which evaluation: ${ASKED_EVALUATIONS.join(', ')} (default: ${otherwise})`;
  return new Option('--evaluate <how>', description).argParser((text) =>
    parseChoice(text, ASKED_EVALUATIONS, '--evaluate'),
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
