/** @file What it takes to train one run into its directory. */
import type { RunSpec } from '../config/experiment.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine } from '../engines/types.ts';
import type { Environment } from '../runs/environment.ts';
import type { LineSink } from '../runs/log.ts';

export interface RecordOptions {
  readonly resultsDirectory: string;
  readonly run: RunSpec;
  readonly dataset: Dataset;
  readonly engine: Engine;
  readonly environment: Environment;
  /** Minutes between two checkpoints within an epoch, above 0; each epoch ends with one anyway. */
  readonly checkpointMinutes?: number | undefined;
  /** Once aborted, the training finishes its step, writes a checkpoint and gives way. */
  readonly signal?: AbortSignal | undefined;
  /** Is given each line of the run's log as well. */
  readonly echoLog?: LineSink | undefined;
  /** Also writes an event file for TensorBoard, from the epoch under way on. */
  readonly writesEvents?: boolean | undefined;
  /**
   * What befalls the command around the training, in sentences; there may be more each time it is read. The log takes each
   * once.
   */
  readonly remarks?: Iterable<string> | undefined;
}
