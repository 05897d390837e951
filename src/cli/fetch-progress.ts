/** @file How the fetching of a data set shows itself. */
import type { Stage } from '../data/types.ts';
import { printLine, startProgress } from './progress.ts';

/** A bar in a terminal, elsewhere a line when the stage begins. */
export function startFetchStage(label: string, total: number): Stage {
  if (!process.stderr.isTTY) printLine(label);
  return startProgress(label, total);
}
