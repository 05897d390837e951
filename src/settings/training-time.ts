/** @file Time in training: lengths in epochs or in steps, and how far a training has come. */
import { UserError } from '../errors.ts';

/** So many epochs; fractions are allowed. */
export class Epochs {
  constructor(readonly count: number) {}

  /**
   * Rounded to a whole step.
   *
   * @param stepsPerEpoch a whole number above 0
   */
  inSteps(stepsPerEpoch: number): number {
    return Math.round(this.count * stepsPerEpoch);
  }
}

/** So many steps, whatever the length of an epoch. */
export class Steps {
  constructor(readonly count: number) {}

  inSteps(): number {
    return this.count;
  }
}

/** A length of training; or a point in it, by its distance from the start. */
export type Length = Epochs | Steps;

/**
 * Reads a length as settings hold it: `12` and `12ep` are epochs (fractions allowed), `2000it` is steps.
 *
 * @throws UserError if it is neither
 */
export function parseLength(text: number | string): Length {
  if (typeof text === 'number' && text >= 0) return new Epochs(text);
  const match = /^(?:(\d+(?:\.\d+)?)(?:ep)?|(\d+)it)$/.exec(String(text));
  if (match === null) {
    throw new UserError(
      `"${text}" is no point in training, expected epochs (12 or "12ep") or steps ("2000it")`,
    );
  }
  const [, epochs, steps] = match;
  return steps === undefined ? new Epochs(Number(epochs)) : new Steps(Number(steps));
}

/** Where a training stands when a step is taken. */
export class Progress {
  /**
   * @param step steps taken before this one
   * @param stepsPerEpoch a whole number above 0
   */
  constructor(
    readonly step: number,
    readonly stepsPerEpoch: number,
  ) {}

  /** Epochs whose steps are all taken. */
  get epoch(): number {
    return Math.floor(this.step / this.stepsPerEpoch);
  }

  /** Steps taken of the epoch under way. */
  get stepOfEpoch(): number {
    return this.step % this.stepsPerEpoch;
  }

  hasReached(point: Length): boolean {
    return this.step >= point.inSteps(this.stepsPerEpoch);
  }

  /** The progress since a point; its steps are below 0 before it. */
  since(point: Length): Progress {
    return new Progress(this.step - point.inSteps(this.stepsPerEpoch), this.stepsPerEpoch);
  }

  /** The share of one or more lengths in a row that the training has covered, 0 to 1; 1 if they have no steps. */
  shareOf(...lengths: readonly Length[]): number {
    const steps = lengths.reduce((sum, length) => sum + length.inSteps(this.stepsPerEpoch), 0);
    if (this.step < 0) return 0;
    return this.step >= steps ? 1 : this.step / steps;
  }
}
