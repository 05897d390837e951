/** @file The state of a run as lists show it. */
import type { Condition } from '../runs/condition.ts';
import { type FoundRun, isLeftOut, type LeftOutRun } from '../runs/find.ts';
import { paint } from './output.ts';
import { formatDuration, formatPercent } from './words.ts';

/** Empty where there is nothing to say. */
export interface DescribedState {
  readonly state: string;
  readonly accuracy: string;
  readonly time: string;
}

const COLOURS = {
  'under way': 'yellow',
  failed: 'red',
  unfinished: 'yellow',
  damaged: 'red',
  'plugin missing': 'yellow',
} as const;

/** @param condition of a run that is not done */
export function describeState(run: FoundRun | LeftOutRun, condition: Condition | undefined): DescribedState {
  if (isLeftOut(run)) return { state: paint(COLOURS[run.state], run.state), accuracy: '', time: '' };
  if (run.state === 'done') {
    const { testAccuracy, trainSeconds } = run.summary;
    return {
      state: paint('green', 'done'),
      accuracy: formatPercent(testAccuracy),
      time: formatDuration(trainSeconds),
    };
  }
  const { checkpoint } = run;
  const kind = condition?.kind ?? 'unfinished';
  return {
    state: paint(COLOURS[kind], checkpoint === undefined ? kind : `${kind}, epoch ${checkpoint.epoch}`),
    accuracy: '',
    time: checkpoint === undefined ? '' : formatDuration(checkpoint.trainSeconds),
  };
}
