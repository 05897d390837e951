/** @file What TensorBoard is shown of each epoch: the numbers of metrics.csv, sparsity, what is dropped, and histograms. */
import type { Engine } from '../engines/types.ts';
import { evaluationParameters } from '../methods/host-weights.ts';
import { accountFor } from '../pruning/accounting.ts';
import { appendEvents } from '../runs/events/event-file.ts';
import { histogramOf } from '../runs/events/histogram.ts';
import type { EpochSummary } from '../runs/events/messages.ts';
import { DropCounter } from '../training/drop-counter.ts';
import type { EpochEvent, TrainingEvent } from '../training/events.ts';
import type { Training } from '../training/types.ts';
import type { HeldDirectory } from './held-directory.ts';

export class TensorBoardWriter {
  private constructor(
    private readonly held: HeldDirectory,
    private readonly training: Training,
    private readonly drops: DropCounter | undefined,
  ) {}

  static async create(held: HeldDirectory, engine: Engine, training: Training): Promise<TensorBoardWriter> {
    return new TensorBoardWriter(held, training, await DropCounter.create(engine, training));
  }

  /** Adds an epoch to the event file. Its checkpoint is to be written thereafter, so that none is missed. */
  async record(event: TrainingEvent): Promise<void> {
    if (event.kind !== 'epoch') return;
    const summary = await this.summarize(event);
    this.held.write(() => appendEvents(this.held.path, summary));
  }

  dispose(): void {
    this.drops?.dispose();
  }

  /**
   * Sparsity is the share of zeros in the prunable weights as evaluation uses them, and the histograms are of the same
   * numbers. What is dropped is counted at the step that follows the epoch, as training would take it; methods without
   * candidates lack it.
   */
  private async summarize({
    step,
    means,
    test,
    validation,
    learningRate,
    state,
  }: EpochEvent): Promise<EpochSummary> {
    const { model, regularizer } = this.training;
    const evaluated = evaluationParameters(model, regularizer, state);
    const weightOf = (name: string) => evaluated[name] as Float32Array;
    const dropped = await this.drops?.count(state, step);
    return {
      step,
      scalars: {
        'loss/train': means.loss,
        'loss/test': test.loss,
        'accuracy/train': means.accuracy,
        'accuracy/test': test.accuracy,
        ...(validation !== undefined && {
          'loss/validation': validation.loss,
          'accuracy/validation': validation.accuracy,
        }),
        learning_rate: learningRate,
        sparsity: accountFor(model, ({ name }) => weightOf(name)).sparsity,
        ...(dropped === undefined ? {} : { candidates_dropped: dropped }),
      },
      histograms: Object.fromEntries(
        model.prunable.map(({ name }) => [`weights/${name}`, histogramOf(weightOf(name))]),
      ),
    };
  }
}
