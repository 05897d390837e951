/** @file The sides of the benchmark, and which of them can run here. */
import { locateTensorflow } from '../../src/engines/tensorflow/installation/locate.ts';
import { UserError } from '../../src/errors.ts';
import { findPython, type Python } from './python.ts';

/** Engines of td; the first is the yardstick of the others. */
export const ENGINES = ['onnx', 'tensorflow'] as const;
export type EngineSide = (typeof ENGINES)[number];

/** How each side of PyTorch lays images and kernels out, in the words of peer.py. */
export const LAYOUTS = {
  'pytorch-default': 'default',
  'pytorch-channels_last': 'channels_last',
} as const;
export type PytorchSide = keyof typeof LAYOUTS;
export const PYTORCH_SIDES = Object.keys(LAYOUTS) as PytorchSide[];

/** A process that is measured. */
export type Side = EngineSide | PytorchSide;
export const SIDES: readonly Side[] = [...ENGINES, ...PYTORCH_SIDES];

/** What a user chooses from: PyTorch is measured in each of its layouts. */
export const CHOICES = [...ENGINES, 'pytorch'] as const;
export type Choice = (typeof CHOICES)[number];

/** What takes part. */
export interface Participants {
  readonly engines: readonly EngineSide[];
  /** TensorFlow's version, if it takes part. */
  readonly tensorflow?: string;
  /** The interpreter that has PyTorch, if PyTorch takes part. */
  readonly python?: Python;
  /** Why choices that nobody asked for cannot run here, a sentence each. */
  readonly leftOut: readonly string[];
}

/** For tests: what looks for the libraries. */
export interface Searches {
  readonly tensorflow: typeof locateTensorflow;
  readonly python: () => Python;
}

const HERE: Searches = { tensorflow: locateTensorflow, python: findPython };

/**
 * Finds what takes part: what was asked for, else all that can run here.
 *
 * @param isPythonNamed whether the user has named an interpreter, which is to ask for PyTorch
 * @throws UserError if something that was asked for cannot run here, or fewer than two choices are left
 */
export function findParticipants(
  asked: readonly Choice[] | undefined,
  searches: Searches = HERE,
  isPythonNamed = Boolean(process.env.TD_PYTHON),
): Participants {
  const leftOut: string[] = [];
  const isWanted = (choice: Choice): boolean => asked?.includes(choice) ?? true;
  /** A reason ends the benchmark where the choice was asked for. */
  const leaveOut = (isAsked: boolean, reason: string): void => {
    if (isAsked) throw new UserError(reason);
    leftOut.push(reason);
  };

  let tensorflow: string | undefined;
  if (isWanted('tensorflow')) {
    const found = searches.tensorflow();
    if ('version' in found) tensorflow = found.version;
    else leaveOut(asked !== undefined, `TensorFlow cannot run here: ${found.reason}`);
  }
  let python: Python | undefined;
  if (isWanted('pytorch')) {
    try {
      python = searches.python();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      leaveOut(asked !== undefined || isPythonNamed, error.message);
    }
  }
  const engines = ENGINES.filter((name) => isWanted(name) && (name === 'onnx' || tensorflow !== undefined));
  requireTwo([...engines, ...(python === undefined ? [] : ['pytorch'])], leftOut);
  return {
    engines,
    ...(tensorflow === undefined ? {} : { tensorflow }),
    ...(python === undefined ? {} : { python }),
    leftOut,
  };
}

function requireTwo(choices: readonly string[], leftOut: readonly string[]): void {
  if (choices.length >= 2) return;
  const reasons = leftOut.length === 0 ? `expected two or more of ${CHOICES.join(', ')}` : leftOut.join('; ');
  throw new UserError(`there is nothing to compare "${choices[0]}" with: ${reasons}`);
}

export function isEngine(side: Side): side is EngineSide {
  return (ENGINES as readonly string[]).includes(side);
}

/** `onnx` or `PyTorch (channels_last)`. */
export function nameSide(side: Side): string {
  return isEngine(side) ? side : `PyTorch (${LAYOUTS[side]})`;
}
