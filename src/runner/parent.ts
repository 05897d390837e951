/** @file The run that another goes on from: whether it is there, and the state that its child begins in. */
import { join } from 'node:path';
import type { NamedArrays } from '../arrays.ts';
import type { RunSpec } from '../config/experiment.ts';
import { UserError } from '../errors.ts';
import { continuationOf } from '../methods/continuation.ts';
import { conditionOf } from '../runs/condition.ts';
import { runDirectory } from '../runs/directory.ts';
import { describeChange, readEnvironment } from '../runs/environment.ts';
import { readFinalCheckpoint } from '../runs/final-checkpoint.ts';
import { type FinishedRun, isLeftOut, lookAtRun } from '../runs/find.ts';
import type { ParentRecord } from '../runs/summary.ts';
import { NO_TOTALS, type TrainingSnapshot } from '../training/events.ts';
import { pruneToStart } from '../training/pruned-start.ts';
import { repeatSteps } from '../training/repeat.ts';
import { createSetup, prepareTraining } from '../training/setup.ts';
import type { Training } from '../training/types.ts';
import { describeRun } from './ancestors.ts';
import type { RunEvent } from './events.ts';
import type { RecordOptions } from './record-options.ts';

/** The process that trains the run that another goes on from, in words; nothing if none does. */
export function findParentOwner({ parent }: RunSpec, resultsDirectory: string): string | undefined {
  if (parent === undefined) return undefined;
  const directory = runDirectory(resultsDirectory, parent);
  const found = lookAtRun({ identity: parent, directory });
  if (typeof found === 'object' && found.state === 'done') return undefined;
  const condition = conditionOf(directory);
  return condition.kind === 'under way' ? condition.owner : undefined;
}

/**
 * @returns nothing for a run that begins with initial weights of its own
 * @throws UserError if it goes on from a run that is not trained, or whose files are damaged
 */
export function findParent({ parent }: RunSpec, resultsDirectory: string): FinishedRun | undefined {
  if (parent === undefined) return undefined;
  const directory = runDirectory(resultsDirectory, parent);
  const found = lookAtRun({ identity: parent, directory });
  if (typeof found === 'object' && found.state === 'done') return found;
  const from = `it goes on from ${describeRun(parent)}`;
  if (typeof found === 'string') throw new UserError(`${from}, which cannot be read: ${found}`);
  if (isLeftOut(found))
    throw new UserError(
      `${from}, which is ${found.state === 'damaged' ? 'damaged' : 'left out'}: ${found.reason}`,
    );
  const condition = conditionOf(directory);
  if (condition.kind === 'failed') throw new UserError(`${from}, whose training failed: ${condition.reason}`);
  throw new UserError(`${from}, which is not trained in ${join(resultsDirectory, parent.experiment)}`);
}

type Options = Pick<
  RecordOptions,
  'run' | 'dataset' | 'engine' | 'environment' | 'resultsDirectory' | 'signal'
>;

/** Where a run begins in the network of another. */
export interface Start {
  readonly snapshot: TrainingSnapshot;
  readonly parent: ParentRecord;
}

/**
 * Prunes the network that a run goes on from. Weights that go back are computed anew: the parent's first steps are taken again.
 *
 * @param training of the run
 * @returns nothing for a run that begins with initial weights of its own
 * @throws UserError as `findParent`, or if the checkpoint is damaged
 */
export async function* startFromParent(
  training: Training,
  options: Options,
): AsyncGenerator<RunEvent, Start | undefined, undefined> {
  const { run, dataset, resultsDirectory } = options;
  const parent = findParent(run, resultsDirectory);
  const continuation = continuationOf(run.settings.regularizer);
  if (parent === undefined || run.parent === undefined || continuation === undefined) return undefined;
  const { schedule } = continuation;
  const { regularizer } = await createSetup(run.parent.settings, dataset);
  const final = readFinalCheckpoint(parent).arrays;
  const rewinds = schedule.kind === 'replay' && schedule.rewindsWeights;
  const { firstStep } = training.beginning;
  const rewound = rewinds ? yield* stateAt(firstStep, { ...options, run: run.parent }) : undefined;
  const network = { regularizer, final, ...(rewound !== undefined && { rewound }) };
  return {
    snapshot: {
      epoch: Math.floor(firstStep / training.stepsPerEpoch),
      step: firstStep,
      totals: NO_TOTALS,
      state: pruneToStart(training, network, continuation),
      specs: training.signature.state,
    },
    parent: { id: parent.id, checkpointSha256: parent.summary.checkpointSha256 },
  };
}

/** The state of a run's training after some steps. */
async function* stateAt(end: number, options: Options): AsyncGenerator<RunEvent, NamedArrays, undefined> {
  const { run, dataset, engine, environment, resultsDirectory, signal } = options;
  const before = readEnvironment(runDirectory(resultsDirectory, run));
  const change = before && describeChange(before, environment);
  if (change !== undefined) {
    yield {
      kind: 'warning',
      sentence: `${describeRun(run)} was not trained as it would be here, with ${change}: the weights that it had at step ${end} are computed anew, close to what they were, not the same`,
    };
  }
  const training = await prepareTraining(run, dataset);
  const start = yield* startFromParent(training, options);
  const of = describeRun(run);
  return yield* repeatSteps(training, { engine, state: start?.snapshot.state, end, of, signal });
}
