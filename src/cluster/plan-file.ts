/** @file A plan as a JSON file: written for schedulers, and read by whoever trains one of its cells. */
import { z } from 'zod';
import type { Experiment } from '../config/experiment.ts';
import { UserError } from '../errors.ts';
import { readJson } from '../files/json.ts';
import { describeCommandLine } from '../next-command.ts';
import type { Estimate } from '../runner/estimates.ts';
import { type Cell, hashPlan, type PlannedCell, type PlanRequest, trainingCommand } from './plan.ts';

/** Of 20,000 cells, the most that there may be, with paths of hundreds of characters. */
const LARGEST_PLAN = 2 ** 27;

const planSchema = z.object({
  format: z.literal(1, { error: 'expected 1, the format of plans that this version of td reads' }),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  files: z.array(z.string()).min(1),
  only: z.array(z.string()).optional(),
  seeds: z.array(z.int().nonnegative()).optional(),
  set: z.array(z.string()).optional(),
  folder: z.string(),
  results: z.string(),
  execution: z.array(z.string()),
  plugins: z.array(z.string()),
  /** All of them, or those that somebody has picked; all else that a cell has is for other readers. */
  cells: z.array(z.object({ index: z.int().nonnegative(), id: z.string() })).min(1),
});

/** A plan as it was written: what was asked for, and what that meant then. */
export type WrittenPlan = z.output<typeof planSchema>;

/**
 * A plan as JSON, for schedulers and scripts.
 *
 * @param planned where each cell stands
 * @param experiments in the order of the request's files
 * @param estimates what each cell takes still, as far as that is known
 */
export function describePlan(
  request: PlanRequest,
  experiments: readonly Experiment[],
  planned: readonly PlannedCell[],
  estimates: ReadonlyMap<unknown, Estimate>,
): object {
  const files = new Map(experiments.map(({ name }, index) => [name, request.files[index] ?? '']));
  const cells = planned.map(({ cell, run, standing, checkpoint, queue, lastLine }) => {
    const { kind, ...why } = standing;
    const { time, memory } = estimates.get(run) ?? {};
    return {
      index: cell.index,
      id: cell.id,
      experiment: run.experiment,
      variant: run.variant,
      seed: run.seed,
      hash: run.hash,
      epochs: run.settings.schedule.epochs,
      state: kind,
      ...why,
      ...(checkpoint !== undefined && { step: checkpoint.step, epoch: checkpoint.epoch }),
      ...(queue !== undefined && { queue }),
      ...(lastLine !== undefined && { lastLine }),
      seconds: kind === 'done' ? 0 : (time?.seconds ?? null),
      memoryBytes: memory === undefined ? null : Math.round(memory),
      argv: trainingCommand(cell, request, files),
    };
  });
  return { format: 1, hash: hashPlan(planned.map(({ cell }) => cell)), ...request, cells };
}

/** @throws UserError if there is no such file, or it is no plan */
export function readPlan(path: string): WrittenPlan {
  const plan = readJson(path, planSchema, LARGEST_PLAN);
  if (plan !== undefined) return plan;
  throw new UserError(`${path} does not exist, expected a plan, as "td plan EXPERIMENT --json" prints it`);
}

/**
 * Refuses a plan that is not that of its experiments any more: its cells would be trained with other settings than it says.
 *
 * @param cells as the files say now
 * @throws UserError
 */
export function requireSamePlan(path: string, plan: WrittenPlan, cells: readonly Cell[]): void {
  const other = plan.cells.find(({ index, id }) => cells[index]?.id !== id);
  if (other === undefined && hashPlan(cells) === plan.hash) return;
  const change =
    other === undefined
      ? `there are ${cells.length} cells, and ${plan.cells.length} in the plan`
      : `cell ${other.index} is ${cells[other.index]?.id ?? 'none'}, and ${other.id} in the plan`;
  const { files, only, seeds, set = [] } = plan;
  const flags = [
    ...(only === undefined ? [] : ['--only', only.join()]),
    ...(seeds === undefined ? [] : ['--seeds', seeds.join()]),
    ...set.flatMap((setting) => ['--set', setting]),
  ];
  const again = describeCommandLine(['plan', ...files, ...flags, '--json']);
  throw new UserError(
    `${path} does not fit ${files.join(', ')} any more: ${change}; expected a plan of the settings as they are, as "${again}" prints it`,
  );
}
