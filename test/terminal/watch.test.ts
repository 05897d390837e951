/** @file What td list --watch shows. */
import { describe, expect, it } from 'vitest';
import type { SubmittedCells } from '../../src/cluster/slurm/submitted.ts';
import type { ListedRun } from '../../src/runs/listed-runs.ts';
import { describeRuns, type RunList } from '../../src/terminal/listed-runs.ts';
import { renderScreen } from '../../src/terminal/watch.ts';

function runOf(seed: number, condition?: object): ListedRun {
  const id = `none/seed-${seed}-01234567`;
  const identity = { experiment: 'few', variant: 'none', seed, hash: '01234567' };
  const named = { identity, id, directory: `results/few/${id}` };
  const summary = { testAccuracy: 0.5, trainSeconds: 3 };
  const state = condition === undefined ? { state: 'done', summary } : { state: 'unfinished', condition };
  return { ...named, ...state } as unknown as ListedRun;
}

const submitted: SubmittedCells = {
  queued: new Map([['few/none/seed-2-01234567', { job: '12', task: 2, state: 'RUNNING' }]]),
  lastLine: () => 'slurmstepd: error: CANCELLED',
};
const list: RunList = {
  runs: [
    runOf(0),
    runOf(1, { kind: 'failed', reason: 'the loss is NaN' }),
    runOf(2, { kind: 'under way', owner: 'process 1 on node' }),
    runOf(3, { kind: 'unfinished' }),
  ],
  submitted,
  waiting: 5,
};

describe('a list that is watched', () => {
  it('counts runs by state, and those that are queued', () => {
    expect(describeRuns(list)).toBe(
      '4 runs: 1 done, 1 under way, 1 failed, 1 unfinished; 6 queued, 5 of them without a folder yet',
    );
  });

  it('shows what is not done, with the reasons, and no more than fits the screen', () => {
    expect(renderScreen(list, 24, 200)).toBe(
      [
        '4 runs: 1 done, 1 under way, 1 failed, 1 unfinished; 6 queued, 5 of them without a folder yet',
        '',
        'experiment  variant  seed  state       queue            test accuracy  time  folder',
        'few         none     1     failed                                            results/few/none/seed-1-01234567',
        'few         none     2     under way   running as 12_2                       results/few/none/seed-2-01234567',
        'few         none     3     unfinished                                        results/few/none/seed-3-01234567',
        'few/none/seed-1-01234567 failed: the loss is NaN',
        'few/none/seed-3-01234567 is unfinished; its log ends with: slurmstepd: error: CANCELLED',
      ].join('\n'),
    );
    expect(renderScreen(list, 6, 200).split('\n')).toHaveLength(4);
    expect(renderScreen(list, 6, 200)).toMatch(/\n… 5 more lines$/);
    const narrow = renderScreen(list, 24, 40).split('\n');
    expect(narrow).toHaveLength(8);
    expect(narrow.at(-1)).toBe('few/none/seed-3-01234567 is unfinished;…');
  });

  it('says what is damaged, and that the queue cannot be read', () => {
    const { identity, id, directory } = runOf(4);
    const damaged: ListedRun = {
      identity,
      id,
      directory,
      state: 'damaged',
      reason: 'summary.json is damaged',
    };
    const problem = 'the queue cannot be read: squeue failed';
    const screen = renderScreen({ ...list, runs: [damaged], submitted: { ...submitted, problem } }, 24, 200);
    expect(screen.split('\n')).toEqual([
      '1 run: 1 damaged; 5 queued, 5 of them without a folder yet',
      'warning: the queue cannot be read: squeue failed',
      '',
      expect.stringMatching(/^experiment /),
      expect.stringMatching(/^few +none +4 +damaged +results/),
      'summary.json is damaged',
    ]);
  });
});
