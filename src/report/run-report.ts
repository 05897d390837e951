/** @file What a report says of one run: how it stands, what went wrong, what it was made with. */
import { join } from 'node:path';
import { LARGEST_RECORD } from '../files/json.ts';
import { readBoundedFile } from '../files/read.ts';
import { type Condition, conditionOf } from '../runs/condition.ts';
import { RUN_FILES } from '../runs/directory.ts';
import { readEnvironment } from '../runs/environment.ts';
import { type FoundRun, isLeftOut, type LeftOutRun } from '../runs/find.ts';
import { readWarnings } from '../runs/log-entries.ts';

export interface RunReport {
  readonly run: FoundRun | LeftOutRun;
  readonly state: 'done' | LeftOutRun['state'] | Condition['kind'];
  /** What there is to know beyond the state: which process, how far it came, why it failed. */
  readonly detail: string;
  /** Warnings in its log, oldest first. */
  readonly warnings: readonly string[];
  /** Engine, machine, versions: by name, as the file has them. */
  readonly environment: Readonly<Record<string, unknown>>;
  /** Resolved settings as YAML. */
  readonly config: string;
}

export function reportRun(run: FoundRun | LeftOutRun): RunReport {
  return {
    run,
    ...describeState(run),
    warnings: readWarnings(run.directory),
    ...(isLeftOut(run) ? { environment: {}, config: '' } : readDetails(run.directory)),
  };
}

/** Only called for runs that are not left out: files of a damaged one may be wrong. */
function readDetails(directory: string): Pick<RunReport, 'environment' | 'config'> {
  return {
    environment: readEnvironment(directory) ?? {},
    config: readBoundedFile(join(directory, RUN_FILES.config), LARGEST_RECORD)?.toString('utf8') ?? '',
  };
}

function describeState(run: FoundRun | LeftOutRun): Pick<RunReport, 'state' | 'detail'> {
  if (run.state === 'done') return { state: 'done', detail: '' };
  if (isLeftOut(run)) return { state: run.state, detail: run.reason };
  const condition = conditionOf(run.directory);
  const progress = run.checkpoint === undefined ? [] : [`epoch ${run.checkpoint.epoch} done`];
  if (condition.kind === 'failed') return { state: 'failed', detail: condition.reason };
  const owner = condition.kind === 'under way' ? [condition.owner] : [];
  return { state: condition.kind, detail: [...owner, ...progress].join(', ') };
}
