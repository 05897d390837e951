/** @file Looks up runs for commands, and tells what is wrong with some of them. */
import { groupBy } from '../maps.ts';
import { findRuns, type LeftOutRun, type Survey } from '../runs/find.ts';
import { printLine } from './progress.ts';
import { describeCount } from './words.ts';

/** Folders that were warned of before: a command may look for runs several times. */
const told = new Set<string>();

/** Finds runs; what cannot be looked into is told in one warning. */
export function lookUpRuns(results: string, experiments?: readonly string[]): Survey {
  const survey = findRuns(results, experiments);
  warnOfPassedOver(survey);
  return survey;
}

/** One warning of all folders that no earlier one has named. */
export function warnOfPassedOver({ passedOver }: Pick<Survey, 'passedOver'>): void {
  const news = passedOver.filter((one) => !told.has(one));
  for (const one of news) told.add(one);
  if (news.length > 0)
    printLine(
      `warning: passed over ${describeCount(news.length, 'folder')} that cannot be read: ${news.join(', ')}`,
    );
}

/** Tells what is wrong with runs that a command shows or uses, and lets the process end with exit code 1. */
export function tellFaults(sentences: readonly string[]): void {
  for (const sentence of sentences) printLine(`td: ${sentence}`);
  if (sentences.length > 0) process.exitCode = 1;
}

/** Tells which runs are left out of what a command shows or does, and why; the process then ends with exit code 1. */
export function tellLeftOut(runs: readonly LeftOutRun[]): void {
  const damages = runs.flatMap(({ state, reason }) => (state === 'damaged' ? [reason] : []));
  tellFaults([...damages, ...listMissingPlugins(runs)]);
}

/** Why runs lack a plugin, in a sentence for each variant. */
export function listMissingPlugins(
  runs: readonly Pick<LeftOutRun, 'state' | 'identity' | 'reason'>[],
): string[] {
  const lacking = runs.filter(({ state }) => state === 'plugin missing');
  const variants = groupBy(lacking, ({ identity: { experiment, variant } }) => `${experiment}/${variant}`);
  return [...variants].flatMap(([name, [first, ...others]]) => {
    const more = describeCount(others.length, 'more run');
    const too =
      others.length === 0 ? '' : `; ${more} of ${name} ${others.length === 1 ? 'needs' : 'need'} it, too`;
    return first === undefined ? [] : [`${first.reason}${too}`];
  });
}
