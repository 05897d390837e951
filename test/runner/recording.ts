/** @file Trains a run into its directory, and lets a test act on what happens meanwhile. */
import type { BusyEvent, TrainedEvent } from '../../src/runner/events.ts';
import { recordRun } from '../../src/runner/record.ts';
import type { RecordOptions } from '../../src/runner/record-options.ts';
import type {
  CheckpointEvent,
  EpochEvent,
  StartedEvent,
  StepEvent,
  TrainingProgress,
} from '../../src/training/events.ts';

/** What a hook throws ends the training as the death of its process would. */
export interface Hooks {
  onStart?(event: StartedEvent): void;
  onStep?(event: StepEvent): void;
  onEpoch?(event: EpochEvent): void;
  /** After each checkpoint, within an epoch or at its end. */
  onCheckpoint?(event: TrainingProgress): void;
  onWarning?(sentence: string): void;
}

export async function trainAndRecord(
  options: RecordOptions & Hooks,
): Promise<Omit<TrainedEvent, 'kind'> | Omit<BusyEvent, 'kind'>> {
  for await (const event of recordRun(options)) {
    switch (event.kind) {
      case 'started':
        options.onStart?.(event);
        break;
      case 'step':
        options.onStep?.(event);
        break;
      case 'checkpoint':
        tellCheckpoint(options, event);
        break;
      case 'epoch':
        tellCheckpoint(options, event);
        options.onEpoch?.(event);
        break;
      case 'warning':
        options.onWarning?.(event.sentence);
        break;
      case 'trained':
        return { summary: event.summary, wasDone: event.wasDone };
      case 'busy':
        return { owner: event.owner };
    }
  }
  throw new Error('expected the run to be trained or in other hands');
}

function tellCheckpoint(hooks: Hooks, { epoch, step }: CheckpointEvent | EpochEvent): void {
  hooks.onCheckpoint?.({ epoch, step });
}
