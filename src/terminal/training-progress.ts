/** @file How the training of a run shows itself: a bar, or lines elsewhere than in a terminal. */
import type { RunSpec } from '../config/experiment.ts';
import type { RunEvent } from '../runner/events.ts';
import type {
  EpochEvent,
  RepeatingEvent,
  StartedEvent,
  StepEvent,
  TrainingProgress,
} from '../training/events.ts';
import { type Progress, printLine, startProgress } from './progress.ts';
import { formatDuration, formatInteger, formatPercent } from './words.ts';

/** Milliseconds between two updates of the bar. */
const REDRAW_INTERVAL = 100;

/** Milliseconds between two lines on steps that are taken again. */
const REPETITION_INTERVAL = 10_000;

/** A bar with loss, accuracy, images per second and time left; a line an epoch elsewhere than in a terminal. */
export class ShownTraining {
  private progress: Progress | undefined;
  private firstStep = 0;
  private began = 0;
  private drawn = 0;
  private saved: TrainingProgress | undefined;

  /** @param isQuiet whether the run's log tells of its course instead */
  constructor(
    private readonly label: string,
    private readonly run: RunSpec,
    private readonly isQuiet: boolean,
  ) {}

  show(event: RunEvent): void {
    if (event.kind === 'checkpoint' || event.kind === 'epoch')
      this.saved = { epoch: event.epoch, step: event.step };
    if (event.kind === 'waiting' || event.kind === 'beginning') printLine(`${this.label}: ${event.sentence}`);
    if (this.isQuiet) return;
    switch (event.kind) {
      case 'warning':
        printLine(`${this.label}: warning: ${event.sentence}`);
        break;
      case 'repeating':
        this.showRepetition(event);
        break;
      case 'started':
        this.showStart(event);
        break;
      case 'step':
        this.showStep(event);
        break;
      case 'epoch':
        this.showEpoch(event);
    }
  }

  /** Takes the bar away. */
  stop(): void {
    this.progress?.stop();
  }

  /** What is kept of a training that gave way: `, saved after step 245 (epoch 0 of 2 done)`. */
  describeSaved(): string {
    return this.saved === undefined ? '' : `, saved after ${this.describePlace(this.saved)}`;
  }

  /** Elsewhere than in a terminal, a line now and then. */
  private showRepetition({ step, end, of }: RepeatingEvent): void {
    const isFirst = this.progress === undefined;
    this.progress ??= startProgress(this.label, end);
    this.progress.update(step, `takes the first ${end} steps of ${of} again`);
    if (!isFirst && performance.now() - this.drawn < REPETITION_INTERVAL) return;
    this.drawn = performance.now();
    this.progress.line(`${this.label}: takes the first ${end} steps of ${of} again, ${step} taken`);
  }

  private showStart(event: StartedEvent): void {
    this.progress?.stop();
    this.progress = startProgress(this.label, 1);
    if (event.step > 0) this.progress.line(`${this.label}: goes on after ${this.describePlace(event)}`, true);
    this.firstStep = event.step;
    this.began = performance.now();
  }

  private showStep(event: StepEvent): void {
    if (performance.now() - this.drawn < REDRAW_INTERVAL) return;
    this.drawn = performance.now();
    const { epoch, step, stepsPerEpoch, means } = event;
    const { epochs } = this.run.settings.schedule;
    const detail = [
      `epoch ${epoch + 1}/${epochs}`,
      `loss ${means.loss.toFixed(4)}`,
      `accuracy ${formatPercent(means.accuracy)}`,
      this.describeSpeed(event, ' · '),
    ];
    this.progress?.update(step / (epochs * stepsPerEpoch), detail.join(' · '));
  }

  private showEpoch(event: EpochEvent): void {
    const { epoch, means, validation, test } = event;
    const held =
      validation === undefined ? '' : `validation accuracy ${formatPercent(validation.accuracy)}, `;
    this.progress?.line(
      `${this.label}: epoch ${epoch}/${this.run.settings.schedule.epochs}, loss ${means.loss.toFixed(4)}, ` +
        `train accuracy ${formatPercent(means.accuracy)}, ${held}test accuracy ${formatPercent(test.accuracy)}, ` +
        this.describeSpeed(event, ', '),
    );
  }

  /** `7,462 images/s, 2.4 s left` */
  private describeSpeed({ step, stepsPerEpoch }: StepEvent | EpochEvent, separator: string): string {
    const { epochs, batchSize } = this.run.settings.schedule;
    const seconds = (performance.now() - this.began) / 1000;
    // None, if an earlier session took every step of the epoch and was cut off in its evaluation.
    const steps = Math.max(1, step - this.firstStep);
    const left = ((epochs * stepsPerEpoch - step) * seconds) / steps;
    return [`${formatInteger((steps * batchSize) / seconds)} images/s`, `${formatDuration(left)} left`].join(
      separator,
    );
  }

  private describePlace({ step, epoch }: TrainingProgress): string {
    return `step ${step} (epoch ${epoch} of ${this.run.settings.schedule.epochs} done)`;
  }
}
