/** @file The list of runs, kept up to date. */
import { setTimeout as sleep } from 'node:timers/promises';
import { takesEscapes } from './capabilities.ts';
import { describeRuns, listDamages, listReasons, type RunList, tabulateRuns } from './listed-runs.ts';
import { print } from './output.ts';
import { cropLine, formatColumns } from './words.ts';

/** Milliseconds between two looks, at least; a look itself may take a share of the time. */
const INTERVAL = 5000;
const LARGEST_SHARE = 0.1;

/** Beginning of the screen, and all below it taken away. */
const CLEAR = '\x1b[H\x1b[J';

/**
 * Shows runs until somebody ends the process: in a terminal those that are not done, as many as fit; elsewhere a line whenever
 * something has changed.
 *
 * @param read reads the list anew
 */
export async function watchRuns(read: () => RunList): Promise<never> {
  let last = '';
  for (;;) {
    const began = performance.now();
    const list = read();
    const { stdout } = process;
    const text = takesEscapes(stdout)
      ? CLEAR + renderScreen(list, stdout.rows, stdout.columns)
      : [describeRuns(list), ...listProblems(list)].join('\n');
    if (text !== last) print(text);
    last = text;
    const took = performance.now() - began;
    await sleep(Math.max(INTERVAL, took / LARGEST_SHARE));
  }
}

/** What would keep the list from being what it seems. */
function listProblems({ submitted: { problem } }: RunList): string[] {
  return problem === undefined ? [] : [`warning: ${problem}`];
}

/**
 * @param height lines of the screen
 * @param width characters of a line: a longer one would take two, and push the first off the screen
 */
export function renderScreen(list: RunList, height: number, width: number): string {
  const open = list.runs.filter(({ state }) => state !== 'done');
  const { header, rows } = tabulateRuns(open, list.submitted);
  const lines = [
    describeRuns(list),
    ...listProblems(list),
    ...(rows.length === 0 ? [] : ['', ...formatColumns(header, rows).split('\n')]),
    ...listReasons(list),
    ...listDamages(list.runs),
  ].map((line) => cropLine(line, width));
  const most = Math.max(1, height - 2);
  if (lines.length <= most) return lines.join('\n');
  return [...lines.slice(0, most - 1), `… ${lines.length - most + 1} more lines`].join('\n');
}
