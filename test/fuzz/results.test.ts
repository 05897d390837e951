/** @file Files of finished runs changed at random, shown by the commands that read them: done or refused in one sentence. */
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { byteChanges } from './bytes.ts';
import { parametersOf } from './form.ts';
import { requireGoodEnd, runLine } from './line.ts';
import { makeSurroundings, type Surroundings } from './surroundings.ts';
import { textChanges } from './text-changes.ts';

const RUN = 'results/few/none';
const IN_RUN = [
  'summary.json',
  'metrics.csv',
  'environment.json',
  'config.yaml',
  'checkpoint.json',
  'log.jsonl',
];
const SWEEP = 'results/few/sweep.csv';
const BASELINE = 'baseline.csv';

const OF_RUN = [
  ['list'],
  ['list', '--json'],
  ['show', 'few/none/0'],
  ['show', 'few/none/0', '--json'],
  ['run', 'results/few.yaml', '--dry-run', '--no-measure', '--engine', 'reference'],
];
const OF_SWEEP = [
  ...['text', 'csv', 'md', 'latex', 'json'].map((format) => ['table', 'few', '--paper', '--format', format]),
  ['check', 'few', '--baseline', BASELINE],
  ['check', 'results/few.yaml', '--baseline', BASELINE, '--format', 'json'],
  ['baseline', 'few', '--out', 'out/x.csv'],
  ['show', 'few/none/0'],
];

let surroundings: Surroundings;
let folder: string;
beforeAll(() => {
  surroundings = makeSurroundings({ hasResults: true });
  folder = process.cwd();
  process.chdir(surroundings.work);
  copyFileSync(SWEEP, BASELINE);
  const [run = ''] = readdirSync(RUN).sort();
  const log = { level: 50, msg: 'training failed', err: { message: 'the loss is NaN' } };
  writeFileSync(join(RUN, run, 'log.jsonl'), `${JSON.stringify({ level: 30 })}\n${JSON.stringify(log)}\n`);
});
afterAll(() => {
  process.chdir(folder);
  surroundings.remove();
});

it('commands that read a changed file end well, and write nothing elsewhere', async () => {
  const [run = ''] = readdirSync(RUN).sort();
  const ofRun = fc.tuple(
    fc.constantFrom(...IN_RUN.map((name) => join(RUN, run, name))),
    fc.constantFrom(...OF_RUN),
  );
  const ofSweep = fc.tuple(fc.constantFrom(SWEEP, BASELINE), fc.constantFrom(...OF_SWEEP));
  const change = fc.oneof(textChanges, textChanges, byteChanges);
  const codes = new Map<number, number>();
  const before = surroundings.list();
  const property = fc.asyncProperty(
    fc.oneof(ofRun, ofSweep),
    change,
    fc.boolean(),
    async ([path, command], make, isDone) => {
      const good = readFileSync(path);
      const summary = readFileSync(join(RUN, run, 'summary.json'));
      // Without its summary a run is looked at as one that was cut off.
      if (!isDone) rmSync(join(RUN, run, 'summary.json'));
      writeFileSync(path, make(good));
      const ended = await runLine(command);
      rmSync('out', { recursive: true, force: true });
      writeFileSync(join(RUN, run, 'summary.json'), summary);
      if (!path.endsWith('summary.json')) writeFileSync(path, good);
      requireGoodEnd(ended, true);
      expect(withoutTimes(surroundings.list())).toEqual(withoutTimes(before));
      codes.set(ended.code, (codes.get(ended.code) ?? 0) + 1);
    },
  );
  await fc.assert(property, parametersOf('files of results', { short: 80, soak: 4000 }));
  expect(existsSync('out')).toBe(false);
  expect(codes.get(0)).toBeGreaterThan(5);
  expect(codes.get(1)).toBeGreaterThan(5);
});

function withoutTimes(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/ [\d.]+$/, ''));
}
