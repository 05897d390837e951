/** @file What TensorBoard is shown of each epoch: the numbers of metrics.csv, sparsity, what is dropped, and histograms. */
import type { RunSettings } from '../config/schema.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine } from '../engines/types.ts';
import { evaluationParameters } from '../methods/host-weights.ts';
import { accountFor } from '../pruning/accounting.ts';
import { histogramOf } from '../runs/events/histogram.ts';
import type { EpochSummary } from '../runs/events/messages.ts';
import { DropCounter } from '../training/drop-counter.ts';
import type { TrainingSetup } from '../training/signature.ts';
import { createSetup, type EpochReport } from '../training/trainer.ts';

export class EpochSummarizer {
  private constructor(
    private readonly setup: TrainingSetup,
    private readonly drops: DropCounter | undefined,
  ) {}

  /** @throws UserError as `planTraining` */
  static async create(
    engine: Engine,
    run: { readonly settings: RunSettings; readonly seed: number },
    dataset: Dataset,
  ): Promise<EpochSummarizer> {
    const drops = await DropCounter.create(engine, run, dataset);
    return new EpochSummarizer(await createSetup(run.settings, dataset), drops);
  }

  /**
   * Sparsity is the share of zeros in the prunable weights as evaluation uses them, and the histograms are of the same
   * numbers. What is dropped is counted at the step that follows the epoch, as training would take it; methods without
   * candidates lack it.
   */
  async summarize({ step, means, test, learningRate, state }: EpochReport): Promise<EpochSummary> {
    const { model, regularizer } = this.setup;
    const evaluated = evaluationParameters(model, regularizer, state);
    const weights = model.prunable.map(({ name }) => [name, evaluated[name] as Float32Array] as const);
    const dropped = await this.drops?.count(state, step);
    return {
      step,
      scalars: {
        'loss/train': means.loss,
        'loss/test': test.loss,
        'accuracy/train': means.accuracy,
        'accuracy/test': test.accuracy,
        learning_rate: learningRate,
        sparsity: accountFor(model, ({ name }) => evaluated[name] as Float32Array).sparsity,
        ...(dropped === undefined ? {} : { candidates_dropped: dropped }),
      },
      histograms: Object.fromEntries(
        weights.map(([name, weight]) => [`weights/${name}`, histogramOf(weight)]),
      ),
    };
  }

  dispose(): void {
    this.drops?.dispose();
  }
}
