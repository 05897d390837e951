/** @file results/claims.yaml: claims, and for each the cells that would show it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { UserError } from '../../src/errors.ts';
import type { EvaluationView } from '../../src/sweeps/evaluations.ts';

export const CLAIMS = join(import.meta.dirname, '../../results/claims.yaml');

/** `dense`, `paper recalibrated`, to the evaluation that it names. */
export const evaluation = z
  .string()
  .regex(
    /^(dense|gamma|stochastic|paper)( recalibrated)?$/,
    'expected an evaluation such as dense recalibrated',
  )
  .transform((text): EvaluationView => {
    const [evaluate, recalibrated] = text.split(' ');
    return { evaluate: evaluate as EvaluationView['evaluate'], recalibrated: recalibrated !== undefined };
  });

const rate = z.number().min(0).max(1);

/** What the difference, first less second, must be: its whole interval lies above, below or within. */
const expectation = z.union([
  z.strictObject({ above: z.number() }),
  z.strictObject({ below: z.number() }),
  z.strictObject({ within: z.number().positive() }),
]);

const sideSchema = z.strictObject({
  variant: z.string(),
  in: z.string().optional(),
  rate: rate.optional(),
  evaluation: evaluation.optional(),
  /** What is subtracted, network by network: the accuracy under another evaluation. */
  less: evaluation.optional(),
});

/** A variant; where it differs from the other side, with an experiment, rate or evaluation of its own. */
const side = z
  .string()
  .transform((variant): z.output<typeof sideSchema> => ({ variant }))
  .or(sideSchema);

/** Accuracies after pruning, in points: every rate, in every experiment, under every evaluation. */
const pruned = z.strictObject({
  in: z.array(z.string()).min(1),
  granularity: z.enum(['weight', 'unit']),
  evaluations: z.array(evaluation).min(1).prefault(['dense']),
  rates: z.array(rate).min(1),
  first: side,
  second: side,
  expect: expectation,
});

/** What `npm run toy-hessian` measures. */
const dependence = z.strictObject({
  quantity: z.enum([
    'change in loss',
    'power of ten of the change in loss',
    'gradient term',
    'curvature term',
    'accuracy',
    'accuracy after pruning',
  ]),
  in: z.string(),
  first: z.string(),
  second: z.string(),
  expect: expectation,
});

const claimSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]+$/),
    claim: z.string().min(1),
    /** Where the paper says it; absent of effects that it does not mention. */
    place: z.string().optional(),
    /** How the cells were chosen, where that needs a word. */
    note: z.string().optional(),
    /** Why nothing here can show it. */
    untested: z.string().optional(),
    cells: z.array(z.union([pruned, dependence])).default([]),
  })
  .refine(({ untested, cells }) => (untested === undefined) === cells.length > 0, {
    error: 'expected either cells, or untested with the reason',
  });

const fileSchema = z.strictObject({ claims: z.array(claimSchema).min(1) });

export type Claim = z.output<typeof claimSchema>;
export type PrunedCells = z.output<typeof pruned>;
export type DependenceCells = z.output<typeof dependence>;
export type Expectation = z.output<typeof expectation>;

/** @throws UserError naming file and place if it is malformed */
export function readClaims(path = CLAIMS): Claim[] {
  const document = parseDocument(readFileSync(path, 'utf8'), { prettyErrors: true });
  const [fault] = document.errors;
  if (fault !== undefined) throw new UserError(`${path}: ${fault.message}`);
  const { data, error } = fileSchema.safeParse(document.toJS());
  if (data === undefined) {
    const [issue] = error.issues;
    throw new UserError(`${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const ids = data.claims.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) < index);
  if (twice !== undefined) throw new UserError(`${path}: the id "${twice}" stands twice, expected once`);
  return data.claims;
}
