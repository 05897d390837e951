/** @file Runs whose weights are still needed: those that runs which are not trained to the end go on from. */
import type { RunSpec } from '../config/experiment.ts';
import { continuationOf } from '../methods/continuation.ts';
import { runId } from './directory.ts';
import type { Survey } from './find.ts';
import { findRunSettings } from './run-settings.ts';

/** Which run needs another, in words (`fine-tune seed 0`), by the key of the other. */
export type NeededRuns = ReadonlyMap<string, string>;

/** `mnist-lenet/none/seed-0-1a2b3c4d`: unique within a results folder. */
export function keyOfRun({ experiment, id }: { readonly experiment: string; readonly id: string }): string {
  return `${experiment}/${id}`;
}

/**
 * The runs that unfinished ones go on from, and those that these went on from themselves: where weights go back to an early point,
 * they are computed anew from there.
 *
 * @param expected runs of the experiments' files, begun or not; of experiments without a file those that have begun are known
 */
export function findNeeded({ runs, leftOut }: Survey, expected: Iterable<RunSpec>): NeededRuns {
  const found = new Map(
    [...runs, ...leftOut].map((run) => [keyOfRun({ ...run.identity, id: run.id }), run] as const),
  );
  const specs = new Map([...expected].map((spec) => [keyOfRun(spec), spec] as const));
  const specOf = (key: string): RunSpec | undefined => {
    const run = found.get(key);
    return specs.get(key) ?? (run && findRunSettings(run.directory));
  };
  const needed = new Map<string, string>();
  for (const key of new Set([...specs.keys(), ...found.keys()])) {
    if (found.get(key)?.state === 'done') continue;
    const child = specOf(key);
    let next = child && parentKeyOf(child);
    while (next !== undefined && !needed.has(next)) {
      needed.set(next, `${child?.variant} seed ${child?.seed}`);
      const parent = specOf(next);
      next = parent && parentKeyOf(parent);
    }
  }
  return needed;
}

function parentKeyOf({ experiment, seed, settings, parent }: RunSpec): string | undefined {
  const continuation = continuationOf(settings.regularizer);
  const hash = parent?.hash ?? continuation?.parent;
  if (continuation === undefined || hash === undefined) return undefined;
  return keyOfRun({ experiment, id: runId({ variant: continuation.from, seed, hash }) });
}
