/** @file The state of a run as lists show it. */
import type { Condition } from '../runs/condition.ts';
import type { DamagedRun, FoundRun } from '../runs/find.ts';
import { paint } from './output.ts';
import { formatDuration, formatPercent } from './words.ts';

/** Empty where there is nothing to say. */
export interface DescribedState {
  readonly state: string;
  readonly accuracy: string;
  readonly time: string;
}

const COLOURS = { 'under way': 'yellow', failed: 'red', unfinished: 'yellow' } as const;

/** @param condition of a run that is not done */
export function describeState(run: FoundRun | DamagedRun, condition: Condition | undefined): DescribedState {
  if (run.state === 'damaged') return { state: paint('red', 'damaged'), accuracy: '', time: '' };
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
