/** @file A compiled training: the one place where training steps are compiled, fed and taken. */

import type { NamedArrays } from '../arrays.ts';
import { requirePrecision } from '../engines/precision.ts';
import type { Engine, Program } from '../engines/types.ts';
import { TrainingFeeds } from './feeds.ts';
import { initialState } from './initial-state.ts';
import type { Training } from './types.ts';

/** A step of training that was taken. */
export interface TakenStep {
  /** Steps taken since the start of training, this one included. */
  readonly step: number;
  /** What the step computed, as `buildTrainingStep` says. NaN where an engine did not return it. */
  readonly loss: number;
  readonly penalty: number;
  readonly correct: number;
  readonly gradientNorm: number;
  /** Time of the step, its feeds included. */
  readonly milliseconds: number;
  /** Of it, filling batch and noise, or waiting for the thread that does. */
  readonly feedMilliseconds: number;
}

export class TrainingProgram {
  private constructor(
    /** The program of the engine, whose state others of that engine can copy. */
    readonly program: Program,
    private readonly feeds: TrainingFeeds,
    readonly compileMilliseconds: number,
  ) {}

  /**
   * @param state in which it begins; that of a new training if absent
   * @param isAhead whether a second thread makes the feeds of the next step while one computes; the bits are the same
   * @throws UserError if the engine cannot compute in the precision of the settings
   */
  static async compile(
    engine: Engine,
    training: Training,
    state?: NamedArrays,
    isAhead = false,
  ): Promise<TrainingProgram> {
    const began = performance.now();
    requirePrecision(engine, training.settings.precision);
    const program = await engine.compile(training.step, training.signature, training.settings.precision);
    const compileMilliseconds = performance.now() - began;
    try {
      await program.writeState(state ?? initialState(training));
      return new TrainingProgram(program, new TrainingFeeds(training, isAhead), compileMilliseconds);
    } catch (error) {
      program.dispose();
      throw error;
    }
  }

  /**
   * Takes steps for as long as somebody asks for the next.
   *
   * @param taken steps taken before
   * @param end steps taken once the last is
   */
  async *steps(taken = 0, end = Number.POSITIVE_INFINITY): AsyncGenerator<TakenStep, void, undefined> {
    for (let step = taken; step < end; step++) yield await this.time(step);
  }

  /**
   * Runs the step that follows others, feeds included.
   *
   * @param taken steps taken before
   * @returns what the step fetches
   */
  run(taken: number): Promise<NamedArrays> {
    return this.runOn(this.feeds.fill(taken));
  }

  /** Runs the step on given feeds. */
  runOn(feeds: NamedArrays): Promise<NamedArrays> {
    return this.program.run(feeds);
  }

  /** A copy of the present state. */
  readState(): Promise<NamedArrays> {
    return this.program.readState();
  }

  /** Replaces entries of the state. */
  writeState(values: NamedArrays): Promise<void> {
    return this.program.writeState(values);
  }

  dispose(): void {
    this.feeds.dispose();
    this.program.dispose();
  }

  private async time(step: number): Promise<TakenStep> {
    const began = performance.now();
    const feeds = this.feeds.fill(step);
    const feedMilliseconds = performance.now() - began;
    const { loss, penalty, correct, gradientNorm } = await this.runOn(feeds);
    return {
      step: step + 1,
      loss: scalarOf(loss),
      penalty: scalarOf(penalty),
      correct: scalarOf(correct),
      gradientNorm: scalarOf(gradientNorm),
      milliseconds: performance.now() - began,
      feedMilliseconds,
    };
  }
}

function scalarOf(fetched: NamedArrays[string] | undefined): number {
  return fetched?.[0] ?? Number.NaN;
}
