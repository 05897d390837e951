/** @file Shows the runs of a command while they are trained, and tells what became of each. */
import type { RunSpec } from '../config/experiment.ts';
import { DamageError } from '../errors.ts';
import type { Risk, RunEvent, RunnerEvent, Task } from '../runner/events.ts';
import type { Summary } from '../runs/summary.ts';
import { describeMemory } from '../training/memory.ts';
import { describeFailure, type Failure } from './failures.ts';
import { printLine } from './progress.ts';
import { ShownTraining } from './training-progress.ts';
import { describeCount, formatDuration, formatPercent } from './words.ts';

/** What became of a run: a summary, a failure, or the process that trains it. */
export interface Outcome {
  readonly run: RunSpec;
  readonly summary?: Summary;
  /** Whether the summary was there before. */
  readonly wasDone?: boolean;
  readonly failure?: Failure;
  /** In words. */
  readonly owner?: string;
}

export class ShownRuns {
  readonly outcomes = new Map<Task, Outcome>();
  private training: ShownTraining | undefined;

  constructor(
    private readonly count: number,
    private readonly options: { readonly isQuiet: boolean; readonly waitsForOthers: boolean },
  ) {}

  show(event: RunnerEvent): void {
    switch (event.kind) {
      case 'run':
        this.showRun(event.task, event.event);
        break;
      case 'postponed': {
        const order = this.count > 1 ? '; it comes after all others' : '';
        printLine(`${this.labelOf(event.task)}: warning: ${describeRisk(event.risk)}${order}`);
        break;
      }
      case 'waiting':
        this.showWait(event.tasks);
        break;
      case 'interrupted': {
        const saved = this.training?.describeSaved() ?? '';
        this.end(event.task, `interrupted${saved}`);
        break;
      }
      case 'failed': {
        const { run } = event.task;
        const reason = describeFailure(event.error);
        const needsHand = event.error instanceof DamageError;
        this.end(event.task, `failed: ${reason}`);
        const failure = { run: `${run.experiment}/${run.id}`, reason, needsHand };
        this.outcomes.set(event.task, { run, failure });
      }
    }
  }

  private showRun(task: Task, event: RunEvent): void {
    const { run } = task;
    if (event.kind === 'trained') {
      const { summary, wasDone } = event;
      const outcome = wasDone ? 'already trained' : `trained in ${formatDuration(summary.trainSeconds)}`;
      this.end(
        task,
        `${outcome}, test accuracy ${formatPercent(summary.testAccuracy)}${describeKept(summary)}`,
      );
      this.outcomes.set(task, { run, summary, wasDone });
    } else if (event.kind === 'busy') {
      const { owner, parent } = event;
      const which = parent === undefined ? 'is trained' : `goes on from ${parent}, which is trained`;
      const isKnown = this.outcomes.get(task)?.owner === owner;
      const what = this.options.waitsForOthers ? 'to be waited for' : 'skipped';
      this.end(task, isKnown ? undefined : `${which} by ${owner}, ${what}`);
      this.outcomes.set(task, { run, owner });
    } else {
      this.training ??= new ShownTraining(this.labelOf(task), run, this.options.isQuiet);
      this.training.show(event);
    }
  }

  /** What was said when each run was found busy may lie hours back. */
  private showWait([first, ...others]: readonly Task[]): void {
    if (first === undefined) return;
    const more = others.length === 0 ? '' : `, and for ${describeCount(others.length, 'run')} more`;
    const owner = this.outcomes.get(first)?.owner;
    printLine(`waiting for ${owner}, who trains ${this.labelOf(first)}${more}`);
  }

  private end(task: Task, sentence: string | undefined): void {
    this.training?.stop();
    this.training = undefined;
    if (sentence !== undefined) printLine(`${this.labelOf(task)}: ${sentence}`);
  }

  /** `[1/4] none seed 0` */
  private labelOf({ number, run }: Task): string {
    return `[${number}/${this.count}] ${run.variant} seed ${run.seed}`;
  }
}

/** ` (kept: epoch 7 of 10, validation accuracy 90.50 %)`, of a run that keeps its best epoch. */
function describeKept({ bestEpoch, epochs, validationAccuracy }: Summary): string {
  if (bestEpoch === undefined || validationAccuracy === undefined) return '';
  return ` (kept: epoch ${bestEpoch} of ${epochs}, validation accuracy ${formatPercent(validationAccuracy)})`;
}

/** In a clause. */
function describeRisk(risk: Risk): string {
  return risk.kind === 'cut off'
    ? `it was cut off ${risk.sessions} times before it saved anything, as happens when memory runs out`
    : `it may not fit: it needs ${describeMemory(risk.estimate)}`;
}
