/** @file Command lines made at random: each is done or refused in one sentence, by this process and by bin/td alike. */
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { td } from '../cli/td.ts';
import { parametersOf } from './form.ts';
import { requireGoodEnd, runLine } from './line.ts';
import { type Line, readingLines, workingLines } from './lines.ts';
import { makeSurroundings, type Surroundings } from './surroundings.ts';

const folder = process.cwd();
const made: Surroundings[] = [];
afterEach(leave);

function leave(): void {
  process.chdir(folder);
  for (const surroundings of made.splice(0)) surroundings.remove();
}

function enter(hasResults: boolean): Surroundings {
  leave();
  const surroundings = makeSurroundings({ hasResults });
  made.push(surroundings);
  process.chdir(surroundings.work);
  return surroundings;
}

it('a command line that reads results is done or refused, and nothing is written if it is refused', async () => {
  let surroundings = enter(true);
  const codes = new Map<number, number>();
  const property = fc.asyncProperty(readingLines, async ({ words, mayFail }) => {
    const before = surroundings.list();
    const ended = await runLine(words);
    const after = surroundings.list();
    if (ended.code === 2) expect(after).toEqual(before);
    const added = after.filter((line) => !before.includes(line) && !line.startsWith('a/b/work '));
    const named = added.filter((line) => mayWrite(words, line));
    expect(added).toEqual(named);
    // It may have replaced what it was told to read.
    if (named.length > 0) surroundings = enter(true);
    requireGoodEnd(ended, mayFail);
    codes.set(ended.code, (codes.get(ended.code) ?? 0) + 1);
  });
  await fc.assert(property, parametersOf('command lines that read', { short: 150, soak: 5000 }));
  expect(codes.get(0)).toBeGreaterThan(10);
  expect(codes.get(2)).toBeGreaterThan(10);
});

/** `td baseline` and `td check --summary` write where the line says, or beside the committed baselines. */
function mayWrite(words: readonly string[], line: string): boolean {
  const path = line.replace(/ [\d.]+ [\d.]+$/, '').replace('a/b/work/', '');
  const [first] = path.split('/');
  const firsts = words.flatMap((word) =>
    [word, word.replace(/^--\w+=/, '')].map((name) => name.split('/')[0]),
  );
  return line.startsWith('a/b/work/') && (firsts.includes(first) || /^results(\/baseline.*)?$/.test(path));
}

it('a command line that would train, prune or draw is answered without writing anything', async () => {
  const surroundings = enter(false);
  const before = surroundings.list();
  const property = fc.asyncProperty(workingLines, async ({ words, mayFail }) => {
    const ended = await runLine(words);
    requireGoodEnd(ended, mayFail);
    expect(surroundings.list()).toEqual(before);
  });
  await fc.assert(property, parametersOf('command lines that work', { short: 120, soak: 8000 }));
});

it('bin/td answers as this process does', async () => {
  const surroundings = enter(false);
  const before = surroundings.list();
  // No system hands over a word with a NUL in it, nor one that is not Unicode, as it is.
  const isSpawnable = ({ words }: Line) =>
    words.every((word) => !word.includes('\0') && !/\p{Cs}/u.test(word));
  const property = fc.asyncProperty(workingLines.filter(isSpawnable), async ({ words }) => {
    const { seconds, ...here } = await runLine(words);
    expect(await td(surroundings.work, ...words)).toEqual(here);
    expect(surroundings.list()).toEqual(before);
  });
  await fc.assert(property, parametersOf('processes', { short: 5, soak: 200 }));
});
