/** @file What the gate found, and whether it lets a change pass. */
import { UserError } from '../errors.ts';
import type { LeftOutRun } from '../runs/find.ts';
import type { SweepRow } from '../sweeps/rows.ts';
import { type TestedCell, type TestedCells, testCells } from './cell-changes.ts';
import { type Fault, type Pairing, pairRows } from './pair.ts';

/** Cells that are compared: the time grows with their square, to a few seconds. Each method has 26 with the paper's rates. */
const MOST_CELLS = 2000;

export interface Judgement extends Omit<Pairing, 'cells'>, TestedCells {
  readonly experiment: string;
  /** Share of clean experiments that may fail by chance. */
  readonly alpha: number;
  readonly passed: boolean;
}

/** What a report is made of. */
export interface GateInput {
  readonly experiment: string;
  readonly baseline: readonly SweepRow[];
  readonly fresh: readonly SweepRow[];
  /** Between 0 and 1. */
  readonly alpha: number;
  /** Runs whose rows are not among the fresh ones, though they were swept. */
  readonly leftOut?: readonly LeftOutRun[];
  /** As `pairRows` takes it. */
  readonly hashes?: ReadonlyMap<string, string> | undefined;
}

/**
 * Compares a fresh sweep with a baseline. It passes if every cell of the baseline is there, made by the same settings, no fresh run
 * is left out, and no cell is lower, higher or more perfect than chance explains.
 *
 * @throws UserError as `pairRows`, or if there are too many cells
 */
export function judge({ experiment, baseline, fresh, alpha, leftOut = [], hashes }: GateInput): Judgement {
  const { cells: pairs, faults: found, notes } = pairRows(baseline, fresh, hashes);
  const faults = [...found, ...leftOut.map(faultOfRun)];
  if (pairs.length > MOST_CELLS) {
    throw new UserError(
      `the baseline of "${experiment}" has ${pairs.length} cells to compare, expected at most ${MOST_CELLS}; use fewer prune rates`,
    );
  }
  const { cells, isSpreadKnown } = testCells(pairs, alpha);
  const passed = faults.length === 0 && cells.every(({ verdict }) => verdict === 'ok');
  const spreadNotes = pairs.length === 0 || isSpreadKnown ? [] : [UNKNOWN_SPREAD];
  return { experiment, alpha, passed, cells, isSpreadKnown, faults, notes: [...notes, ...spreadNotes] };
}

function faultOfRun({ identity: { variant, seed }, state }: LeftOutRun): Fault {
  const why = state === 'damaged' ? 'is damaged, and left out' : 'is left out: its plugin is not loaded';
  return { kind: 'left out', variant, sentence: `seed ${seed} ${why}` };
}

const UNKNOWN_SPREAD =
  'one seed on either side: how far seeds scatter is not known, and only the binomial error of the test set is allowed for; ' +
  'more seeds in the baseline make the gate trustworthy';

/** Cells that do not pass, the one that chance explains least first. */
export function failedCells({ cells }: Judgement): TestedCell[] {
  return cells.filter(({ verdict }) => verdict !== 'ok').toSorted((a, b) => a.pValue - b.pValue);
}
