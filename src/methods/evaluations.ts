/** @file Which evaluation of a method's networks is meant when one is asked for. */
import { EVALUATIONS, type EvaluationKind } from '../pruning/types.ts';
import type { AnySettings } from './definition.ts';
import { methods } from './registry.ts';

/** An evaluation by name; `paper` is what the authors' code did, which differs by method. */
export type AskedEvaluation = EvaluationKind | 'paper';
export const ASKED_EVALUATIONS = [...EVALUATIONS, 'paper'] as const satisfies readonly AskedEvaluation[];

/** Where the evaluation asked for is the same as `dense`, as gamma of a method without candidates, it is `dense`. */
export function evaluationOf(settings: AnySettings, asked: AskedEvaluation): EvaluationKind {
  const { own = [], paper = 'dense' } = methods.get(settings.name).evaluations?.(settings) ?? {};
  const kind = asked === 'paper' ? paper : asked;
  return own.includes(kind) ? kind : 'dense';
}
