/** @file Command lines made at random: each is done or refused in one sentence, by this process and by bin/td alike. */
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { td } from '../cli/td.ts';
import { parametersOf } from './form.ts';
import { requireGoodEnd, runLine } from './line.ts';
import { type Line, readingLines, workingLines } from './lines.ts';
import { makeSurroundings, type Surroundings } from './surroundings.ts';

const folder = process.cwd();
const made: Surroundings[] = [];
afterEach(() => {
  process.chdir(folder);
  for (const surroundings of made.splice(0)) surroundings.remove();
});

function enter(hasResults: boolean): Surroundings {
  const surroundings = makeSurroundings({ hasResults });
  made.push(surroundings);
  process.chdir(surroundings.work);
  return surroundings;
}

/** Where `td baseline` and `td check --summary` may write: where the line says, or beside the committed baselines. */
const WRITTEN = /^a\/b\/work(\/(out|absent|results\/baseline)(\/.*)?|\/file\.txt|\/results)? /;

it('a command line that reads results is done or refused, and nothing is written if it is refused', async () => {
  const surroundings = enter(true);
  const codes = new Map<number, number>();
  const property = fc.asyncProperty(readingLines, async ({ words, mayFail }) => {
    const before = surroundings.list();
    const ended = await runLine(words);
    const after = surroundings.list();
    if (ended.code === 2) expect(after).toEqual(before);
    else expect(after.filter((line) => !before.includes(line) && !mayWrite(words, line))).toEqual([]);
    for (const name of ['out', 'absent', 'results/baseline']) rmSync(name, { recursive: true, force: true });
    requireGoodEnd(ended, mayFail);
    codes.set(ended.code, (codes.get(ended.code) ?? 0) + 1);
  });
  await fc.assert(property, parametersOf('command lines that read', { short: 120, soak: 5000 }));
  expect(codes.get(0)).toBeGreaterThan(10);
  expect(codes.get(2)).toBeGreaterThan(10);
});

function mayWrite(words: readonly string[], line: string): boolean {
  const named = words.some(
    (word) => word !== '' && line.startsWith(`a/b/work/${word.replace(/^--\w+=/, '')}`),
  );
  return WRITTEN.test(line) || named;
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
