/** @file What is handed to Slurm: arrays, names, the batch script, and what squeue says. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { divideAmongArrays, formatTasks } from '../../src/cluster/slurm/arrays.ts';
import { parseTask } from '../../src/cluster/slurm/queue.ts';
import { renderScript } from '../../src/cluster/slurm/script.ts';
import { arrayName } from '../../src/cluster/slurm/submission.ts';
import { submitJobs } from '../../src/cluster/slurm/submit.ts';
import type { Work } from '../../src/cluster/slurm/work.ts';
import { UserError } from '../../src/errors.ts';

const submission = { name: 'tiny-0123abcd', folder: '/data/my results/50%/slurm/tiny-0123abcd' };

/** What sbatch is called with, for jobs from 77 on. */
function callsOf(work: Work, maxParallel?: number): (readonly string[])[] {
  const calls: (readonly string[])[] = [];
  submitJobs(work, { maxParallel, sweep: 'none' }, (flags) => String(76 + calls.push(flags)));
  return calls;
}

describe('cells as job arrays', () => {
  it('have task numbers below the largest array size, and none is lost', () => {
    const indices = [0, 1, 2, 5, 6, 9, 10, 11, 29];
    const arrays = divideAmongArrays(indices, 10);
    expect(arrays).toEqual([
      { offset: 0, tasks: [0, 1, 2, 5, 6, 9] },
      { offset: 10, tasks: [0, 1] },
      { offset: 20, tasks: [9] },
    ]);
    expect(arrays.flatMap(({ offset, tasks }) => tasks.map((task) => task + offset))).toEqual(indices);
    expect(divideAmongArrays([3], 1)).toEqual([{ offset: 3, tasks: [0] }]);
  });

  it('are written as ranges, with how many may run at a time', () => {
    expect(formatTasks([0, 1, 2, 5, 6, 9], 8)).toBe('0-2,5-6,9%8');
    expect(formatTasks([4])).toBe('4');
  });

  it('come one after another where a number of tasks at a time is asked for, since that holds for each array alone', () => {
    const arrays = [0, 1000].map((offset) => ({ offset, tasks: [0, 1], generation: 0 }));
    const work: Work = { submission, arrays, queued: 0, earlier: [] };
    expect(callsOf(work, 4)[1]).toEqual([
      '--parsable',
      '--array=0-1%4',
      '--job-name=td-tiny-0123abcd+1000',
      '--output=/data/my results/50%%/slurm/tiny-0123abcd/log/1000+%a.log',
      '--dependency=afterany:77',
      '/data/my results/50%/slurm/tiny-0123abcd/job.sh',
      '1000',
    ]);
    expect(callsOf(work).join()).not.toContain('dependency');
  });

  it('of runs that go on from others wait for these, queued before or submitted with them, and for no others', () => {
    const arrays = [
      { offset: 0, tasks: [0], generation: 0 },
      { offset: 0, tasks: [1], generation: 1 },
      { offset: 0, tasks: [2], generation: 1 },
      { offset: 0, tasks: [3], generation: 2 },
    ];
    const earlier = [
      { job: '40', generation: 0 },
      { job: '41', generation: 1 },
    ];
    const calls = callsOf({ submission, arrays, queued: 2, earlier });
    const awaited = calls.map((flags) => flags.flatMap((flag) => flag.split('--dependency=')[1] ?? []));
    expect(awaited).toEqual([[], ['afterany:40:77'], ['afterany:40:77'], ['afterany:40:41:77:78:79']]);
  });

  it('are told of if Slurm refuses one of them, or the sweep', () => {
    const arrays = [0, 1000].map((offset) => ({ offset, tasks: [0], generation: 0 }));
    const attempt = (accepted: number) => () => {
      let calls = 0;
      submitJobs({ submission, arrays, queued: 0, earlier: [] }, { sweep: 'afterany' }, () => {
        if (calls === accepted) throw new UserError('sbatch failed: too many jobs');
        return String(77 + calls++);
      });
    };
    expect(attempt(0)).toThrow(/^sbatch failed: too many jobs$/);
    expect(attempt(1)).toThrow('too many jobs; submitted so far: 77; the same command submits the rest');
    expect(attempt(2)).toThrow(
      'too many jobs; submitted so far: 77, 78; no sweep follows: td sweep, once all have ended',
    );
    expect(attempt(3)).not.toThrow();
  });
});

describe('a line of squeue', () => {
  it('leads from the name of a job and the number of its task to the cell', () => {
    const line = `815 7 RUNNING ${arrayName(submission, 1000)}`;
    expect(parseTask(line)).toEqual({
      job: '815',
      task: 7,
      state: 'RUNNING',
      submission: 'tiny-0123abcd',
      cell: 1007,
    });
  });

  it.each([
    '815 N/A PENDING td-tiny-0123abcd-sweep',
    '12 3 RUNNING somebody else',
    '12 3 RUNNING td-tiny',
    '',
  ])('of another job is passed over: "%s"', (line) => {
    expect(parseTask(line)).toBeUndefined();
  });
});

describe('the batch script', () => {
  const request = {
    files: ["/home/o'neil/tiny.yaml"],
    folder: '/home',
    results: '/data/my results/50%',
    execution: ['--engine', 'onnx'],
    plugins: [],
  };
  const script = renderScript(
    submission,
    request,
    { partition: 'cpu', time: '4:00:00', sbatch: '--mem=8G --account=vision', maxRequeues: 7 },
    request.files,
  );

  it('asks to be requeued, warned two minutes before its end, and for what the user asks for', () => {
    expect(script.split('\n').filter((line) => line.startsWith('#SBATCH'))).toEqual([
      '#SBATCH --requeue',
      '#SBATCH --open-mode=append',
      '#SBATCH --signal=B:USR1@120',
      '#SBATCH --partition=cpu',
      '#SBATCH --time=4:00:00',
      '#SBATCH --mem=8G --account=vision',
    ]);
  });

  /** Runs the script with a td that does what it is told, as Slurm would. */
  function runTask(td: string, variables: Record<string, string> = {}, parameter = '1000') {
    const fake = `td=fake_td\nfake_td() { ${td}; }\nscontrol() { echo "scontrol $*"; }`;
    const withTd = script.replace(/^td=.*$/m, () => fake);
    const env = {
      PATH: process.env.PATH ?? '',
      SLURM_ARRAY_JOB_ID: '12',
      SLURM_ARRAY_TASK_ID: '7',
      SLURM_CPUS_PER_TASK: '4',
      ...variables,
    };
    return spawnSync('bash', ['-c', withTd, 'job.sh', parameter], { encoding: 'utf8', env });
  }

  it('trains the cell of its task with a thread for each core, and hands on what came out', () => {
    const { status, stdout } = runTask('echo "$@"; exit 0');
    expect(stdout).toBe(
      'run --plan /data/my results/50%/slurm/tiny-0123abcd/plan.json --cell 1007 --threads 4\n',
    );
    expect(status).toBe(0);
    expect(runTask('exit 1')).toMatchObject({ status: 1, stdout: '' });
    expect(runTask('exit 2')).toMatchObject({ status: 2, stdout: '' });
  });

  it('goes back into the queue if the cell is in other hands, as often as it may', () => {
    expect(runTask('exit 75', { SLURM_RESTART_COUNT: '6' })).toMatchObject({
      status: 75,
      stdout: 'td: exit code 75, back into the queue (7 of at most 7 times)\nscontrol requeue 12_7\n',
    });
    expect(runTask('exit 75', { SLURM_RESTART_COUNT: '7' }).stdout).toMatch(
      /^td: exit code 75 after 7 requeues, given up/,
    );
  });

  // In a function, also in the background, $$ is the script itself.
  const untilTold = (signal: string) =>
    `trap "sleep 0.2; exit 143" TERM; kill -${signal} $$; for i in $(seq 100); do sleep 0.1; done; exit 9`;

  it('has td save at USR1, waits for it, and goes back into the queue', () => {
    expect(runTask(untilTold('USR1'))).toMatchObject({
      status: 143,
      stdout: expect.stringContaining('scontrol requeue 12_7'),
    });
  });

  it('has td save at TERM, waits for it, and leaves to Slurm what comes next', () => {
    expect(runTask(untilTold('TERM'))).toMatchObject({ status: 143, stdout: '' });
  });

  it('sweeps with the engine of the plan, and takes names of files for what they are', () => {
    const { status, stdout } = runTask('printf "%s\\n" "$@"', {}, 'sweep');
    const words = ['sweep', "/home/o'neil/tiny.yaml", '--engine', 'onnx'];
    const where = ['--results', '/data/my results/50%', '--threads', '4'];
    expect(stdout).toBe([...words, ...where, ''].join('\n'));
    expect(status).toBe(0);
  });

  it('has a sweep save at USR1 too, and go back into the queue', () => {
    const variables = { SLURM_JOB_ID: '15', SLURM_ARRAY_JOB_ID: '', SLURM_ARRAY_TASK_ID: '' };
    expect(runTask(untilTold('USR1'), variables, 'sweep')).toMatchObject({
      status: 143,
      stdout: 'td: exit code 143, back into the queue (1 of at most 7 times)\nscontrol requeue 15\n',
    });
  });
});
