/** @file The list of runs, kept up to date. */
import { setTimeout as sleep } from 'node:timers/promises';
import { takesEscapes } from './capabilities.ts';
import { describeRuns, listReasons, type RunList, tabulateRuns } from './listed-runs.ts';
import { print } from './output.ts';
import { formatColumns } from './words.ts';

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
    const text = takesEscapes(process.stdout)
      ? CLEAR + renderScreen(list, process.stdout.rows)
      : describeRuns(list);
    if (text !== last) print(text);
    last = text;
    const took = performance.now() - began;
    await sleep(Math.max(INTERVAL, took / LARGEST_SHARE));
  }
}

/** @param height lines of the screen */
export function renderScreen(list: RunList, height = 24): string {
  const open = list.runs.filter(({ state }) => state !== 'done');
  const { header, rows } = tabulateRuns(open, list.submitted);
  const lines = [
    describeRuns(list),
    ...(rows.length === 0 ? [] : ['', ...formatColumns(header, rows).split('\n')]),
    ...listReasons(list),
  ];
  const most = Math.max(1, height - 2);
  if (lines.length <= most) return lines.join('\n');
  return [...lines.slice(0, most - 1), `… ${lines.length - most + 1} more lines`].join('\n');
}
