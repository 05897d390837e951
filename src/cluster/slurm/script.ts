/** @file The batch script of a submission: trains a cell in each task of an array, and sweeps at the end. */
import { dirname, join } from 'node:path';
import { describeWords } from '../../next-command.ts';
import { type PlanRequest, pluginFlags, TD_PROGRAM } from '../plan.ts';
import { SUBMISSION_FILES, type Submission } from './submission.ts';

/** So many seconds before the end of its time limit Slurm tells a task, unless flags of sbatch say otherwise. */
export const SECONDS_TO_SAVE = 120;

/** What a job asks of the cluster, in Slurm's own words. */
export interface JobOptions {
  readonly partition?: string | undefined;
  readonly time?: string | undefined;
  readonly gpus?: string | undefined;
  /** Further flags of sbatch: `--mem=8G --cpus-per-task=4`. */
  readonly sbatch?: string | undefined;
  /** How often a task goes back into the queue by itself. */
  readonly maxRequeues: number;
}

/** @param sweptFiles experiment files that the sweep names; all that is trained if empty */
export function renderScript(
  submission: Submission,
  request: PlanRequest,
  options: JobOptions,
  sweptFiles: readonly string[],
): string {
  const { partition, time, gpus, sbatch, maxRequeues } = options;
  const asked = [
    ...(partition === undefined ? [] : [`--partition=${partition}`]),
    ...(time === undefined ? [] : [`--time=${time}`]),
    ...(gpus === undefined ? [] : [`--gpus=${gpus}`]),
    ...(sbatch === undefined ? [] : [sbatch]),
  ];
  const plan = join(submission.folder, SUBMISSION_FILES.plan);
  const where = ['--results', request.results, ...pluginFlags(request)];
  const sweep = ['sweep', ...sweptFiles, ...request.execution, ...where];
  return `#!/bin/bash
# Written by "td submit". It trains the cells of ${SUBMISSION_FILES.plan}, one in each task of a job array, and sweeps at the end:
#   sbatch --array=TASKS ${SUBMISSION_FILES.script} OFFSET    trains cell OFFSET + task
#   sbatch ${SUBMISSION_FILES.script} sweep                   prunes what is trained, and writes the tables
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@${SECONDS_TO_SAVE}
${asked.map((flag) => `#SBATCH ${flag}\n`).join('')}
PATH=$PATH:${quote(dirname(process.execPath))}
td=${quote(TD_PROGRAM)}
plan=${quote(plan)}
max_requeues=${maxRequeues}
# As many threads as cores were given.
threads=\${SLURM_CPUS_PER_TASK:-\${SLURM_CPUS_ON_NODE:-1}}

if [ "$1" = sweep ]; then
  set -- ${describeWords(sweep)}
  task=$SLURM_JOB_ID later="td sweep goes on"
else
  set -- run --plan "$plan" --cell $(($1 + SLURM_ARRAY_TASK_ID))
  task=\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID later="td submit adds the cell again"
fi

# Slurm sends USR1 ${SECONDS_TO_SAVE} seconds before the time is up, and TERM if the job is cancelled, preempted or requeued by somebody. td saves
# what it has at either and ends with 143; only after USR1 is it for this script to see that it goes on.
process= told= ended_by_slurm=
tell() { told=yes; [ -z "$process" ] || kill -TERM "$process"; }
trap tell USR1
trap 'ended_by_slurm=yes; tell' TERM
"$td" "$@" --threads "$threads" &
process=$!
[ -z "$told" ] || tell
# A signal ends a wait early.
while kill -0 "$process" 2>/dev/null; do wait "$process"; done
wait "$process"
code=$?

# 143: saved. 75: another process trains the cell; it may be one that died on another machine, which shows after some minutes.
if [ "$code" = 75 ] || { [ "$code" = 143 ] && [ -z "$ended_by_slurm" ]; }; then
  requeues=\${SLURM_RESTART_COUNT:-0}
  if [ "$requeues" -lt "$max_requeues" ]; then
    echo "td: exit code $code, back into the queue ($((requeues + 1)) of at most $max_requeues times)"
    scontrol requeue "$task"
  else
    echo "td: exit code $code after $requeues requeues, given up; $later"
  fi
fi
exit "$code"
`;
}

function quote(word: string): string {
  return describeWords([word]);
}
