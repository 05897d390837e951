/** @file How a training shows itself while it runs. */
import type { RunSpec } from '../config/experiment.ts';
import type { TrainingProgress } from '../runner/record.ts';
import type { StepReport } from '../training/epoch.ts';
import type { EpochReport } from '../training/trainer.ts';
import { type Progress, printLine, startProgress } from './progress.ts';
import { duration, grouped, percent } from './words.ts';

/** Milliseconds between two updates of the bar. */
const REDRAW_INTERVAL = 100;

export interface ShownTraining {
  readonly hooks: {
    onStart(position: TrainingProgress): void;
    onStep(report: StepReport): void;
    onEpoch(report: EpochReport): void;
    onWarning(sentence: string): void;
  };
  stop(): void;
}

/** A bar with loss, accuracy, images per second and time left; a line an epoch elsewhere than in a terminal. */
export function showTraining(label: string, { settings }: RunSpec): ShownTraining {
  const { epochs, batchSize } = settings.schedule;
  let progress: Progress | undefined;
  let firstStep = 0;
  let began = performance.now();
  let drawn = 0;
  const speedAt = ({ step, stepsPerEpoch }: StepReport) => {
    const seconds = (performance.now() - began) / 1000;
    // None, if an earlier session took every step of the epoch and was cut off in its evaluation.
    const steps = Math.max(1, step - firstStep);
    return {
      images: (steps * batchSize) / seconds,
      left: ((epochs * stepsPerEpoch - step) * seconds) / steps,
    };
  };
  return {
    hooks: {
      onStart({ epoch, step }) {
        progress = startProgress(label, 1);
        if (step > 0)
          progress.line(`${label}: goes on after step ${step} (epoch ${epoch} of ${epochs} done)`, true);
        firstStep = step;
        began = performance.now();
      },
      onStep(report) {
        if (performance.now() - drawn < REDRAW_INTERVAL) return;
        drawn = performance.now();
        const { epoch, step, stepsPerEpoch, means } = report;
        const { images, left } = speedAt(report);
        const detail = [
          `epoch ${epoch + 1}/${epochs}`,
          `loss ${means.loss.toFixed(4)}`,
          `accuracy ${percent(means.accuracy)}`,
          `${grouped(images)} images/s`,
          `${duration(left)} left`,
        ];
        progress?.update(step / (epochs * stepsPerEpoch), detail.join(' · '));
      },
      onEpoch(report) {
        const { epoch, means, test } = report;
        const { images, left } = speedAt(report);
        progress?.line(
          `${label}: epoch ${epoch}/${epochs}, loss ${means.loss.toFixed(4)}, train accuracy ${percent(means.accuracy)}, ` +
            `test accuracy ${percent(test.accuracy)}, ${grouped(images)} images/s, ${duration(left)} left`,
        );
      },
      onWarning: (sentence) => printLine(`${label}: warning: ${sentence}`),
    },
    stop: () => progress?.stop(),
  };
}
