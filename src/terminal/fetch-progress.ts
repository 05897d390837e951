/** @file How the fetching of a data set shows itself. */
import type { Stage } from '../progress.ts';
import { takesEscapes } from './capabilities.ts';
import { printLine, startProgress } from './progress.ts';

/** A bar where there can be one, elsewhere a line when the stage begins. */
export function startFetchStage(label: string, total: number): Stage {
  if (!takesEscapes(process.stderr)) printLine(label);
  return startProgress(label, total);
}
