/** @file Which sides of the benchmark take part: what was asked for, else all that can run here. */

import { multipliesBfloat16 } from '../../src/engines/precision.ts';
import { locateTensorflow } from '../../src/engines/tensorflow/installation/locate.ts';
import { UserError } from '../../src/errors.ts';
import { findPython, type Python } from './python.ts';
import {
  CHOICES,
  type Choice,
  choiceOf,
  engineOf,
  layoutOf,
  PRECISIONS,
  type Precision,
  precisionOf,
  SIDES,
  type Side,
} from './sides.ts';
import type { Comparand } from './workloads.ts';

/** What takes part. */
export interface Participants {
  /** In the order of the table. */
  readonly sides: readonly Side[];
  /** TensorFlow's version, if it takes part. */
  readonly tensorflow?: string;
  /** The interpreter that has PyTorch, if PyTorch takes part. */
  readonly python?: Python;
  /** Why what nobody asked for cannot run here, a sentence each. */
  readonly leftOut: readonly string[];
}

/** What the command line asks for; absent: all that can run here. */
export interface Asked {
  readonly sides?: readonly Choice[];
  readonly precision?: readonly Precision[];
}

/** For tests: what looks for libraries and instructions. */
export interface Searches {
  readonly tensorflow: typeof locateTensorflow;
  readonly python: () => Python;
  readonly multipliesBfloat16: () => boolean;
}

const HERE: Searches = {
  tensorflow: locateTensorflow,
  python: findPython,
  multipliesBfloat16,
};

/**
 * Finds what takes part.
 *
 * @param isPythonNamed whether the user has named an interpreter, which is to ask for PyTorch
 * @throws UserError if something that was asked for cannot run here, or fewer than two choices are left
 */
export function findParticipants(
  asked: Asked,
  searches: Searches = HERE,
  isPythonNamed = Boolean(process.env.TD_PYTHON),
): Participants {
  const leftOut: string[] = [];
  const isWanted = (choice: Choice): boolean => asked.sides?.includes(choice) ?? true;
  /** A reason ends the benchmark where the choice was asked for. */
  const leaveOut = (isAsked: boolean, reason: string): void => {
    if (isAsked) throw new UserError(reason);
    leftOut.push(reason);
  };

  const found: Choice[] = isWanted('onnx') ? ['onnx'] : [];
  let tensorflow: string | undefined;
  if (isWanted('tensorflow')) {
    const located = searches.tensorflow();
    if ('version' in located) {
      tensorflow = located.version;
      found.push('tensorflow');
    } else leaveOut(asked.sides !== undefined, `TensorFlow cannot run here: ${located.reason}`);
  }
  let python: Python | undefined;
  if (isWanted('pytorch')) {
    try {
      python = searches.python();
      found.push('pytorch');
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      leaveOut(asked.sides !== undefined || isPythonNamed, error.message);
    }
  }
  requireTwo(found, leftOut);
  const precisions = PRECISIONS.filter((precision) => asked.precision?.includes(precision) ?? true).filter(
    (precision) => {
      if (precision === 'float32' || searches.multipliesBfloat16()) return true;
      leaveOut(
        asked.precision !== undefined,
        'bfloat16: no AVX-512 BF16 or AMX is found in the processor, and without them it is slower than float32',
      );
      return false;
    },
  );
  const sides = SIDES.filter(
    (side) => found.includes(choiceOf(side)) && precisions.includes(precisionOf(side)),
  );
  requireSides(sides, found, precisions);
  return {
    sides,
    ...(tensorflow === undefined ? {} : { tensorflow }),
    ...(python === undefined ? {} : { python }),
    leftOut,
  };
}

function requireTwo(choices: readonly Choice[], leftOut: readonly string[]): void {
  if (choices.length >= 2) return;
  const reasons = leftOut.length === 0 ? `expected two or more of ${CHOICES.join(', ')}` : leftOut.join('; ');
  throw new UserError(`there is nothing to compare "${choices[0]}" with: ${reasons}`);
}

/** In one precision alone there may be fewer sides. */
function requireSides(
  sides: readonly Side[],
  choices: readonly Choice[],
  precisions: readonly Precision[],
): void {
  const computing = new Set(sides.map(choiceOf));
  if (computing.size >= 2) return;
  const [only] = computing;
  const words = only === undefined ? 'none of them computes' : `only "${only}" computes`;
  throw new UserError(
    `there is nothing to compare among ${choices.join(', ')}: ${words} in ${precisions.join(', ')}; --precision float32,bfloat16 measures both`,
  );
}

/**
 * The sides that compute a row. Networks without convolutions have one layout, and td refuses to train them in bfloat16, where they would
 * be slower; it evaluates in float32 in any case.
 */
export function sidesFor({ workload, what }: Comparand, sides: readonly Side[]): readonly Side[] {
  const convolves = workload.model.name !== 'mlp';
  return sides.filter((side) => {
    if (engineOf(side) === undefined) return convolves || layoutOf(side) === 'default';
    return precisionOf(side) === 'float32' || (convolves && what === 'step');
  });
}
