/** @file docs/paper-scale.md: its commands are td's, its tables the paper's, its times what the models compute. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CARDS, estimateTables, listRuns, trainingSeconds } from '../../scripts/paper-scale/estimate.ts';
import { PAGE, renderPaperScale } from '../../scripts/paper-scale/page.ts';
import { TABLES } from '../../scripts/paper-scale/tables.ts';
import { createProgram } from '../../src/cli/program.ts';
import { expandRuns } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { methodOf } from '../../src/methods/names.ts';
import { readPublished } from '../../src/tables/paper/published.ts';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(PAGE, 'utf8');
const estimates = await estimateTables(TABLES);

/** What a command line gives its command, which is not run. */
async function parse(line: string): Promise<{ files: string[]; options: Record<string, unknown> }> {
  const words = line.split(' ').slice(1);
  const program = await createProgram(words);
  const command = program.commands.find((candidate) => candidate.name() === words[0]);
  let parsed: { files: string[]; options: Record<string, unknown> } | undefined;
  command?.action((files: string | string[], options: Record<string, unknown>) => {
    parsed = { files: [files].flat(), options };
  });
  await program.parseAsync(words, { from: 'user' });
  if (parsed === undefined) throw new Error(`${line} did nothing`);
  return parsed;
}

describe('docs/paper-scale.md', () => {
  it('is what the configs and models make it: npm run docs:results brings it up to date', () => {
    expect(renderPaperScale(estimates)).toBe(page);
  });

  it('has command lines that td takes, with experiments and variants that there are', async () => {
    const lines = page.split('\n').filter((line) => line.startsWith('    td '));
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines.map((text) => text.trim())) {
      const { files, options } = await parse(line);
      for (const file of files) {
        const experiment = loadExperiment(join(ROOT, file));
        const { only, seeds } = options as { only?: string[]; seeds?: number[] };
        expect(
          expandRuns(experiment, { ...(only && { only }), ...(seeds && { seeds }) }).length,
        ).toBeGreaterThan(0);
      }
    }
  });

  it('has each table of published numbers once, with a network for each of its methods', () => {
    const published = readPublished();
    const names = [...new Set(published.map(({ table }) => table))];
    expect(TABLES.flatMap((table) => table.published).sort()).toEqual(names.sort());
    for (const table of TABLES) {
      const methods = listRuns(table).map(({ settings }) => methodOf(settings.regularizer));
      for (const { method } of published.filter((number) => table.published.includes(number.table))) {
        const own = methods.filter(({ name }) => name === method.name);
        const isThere = own.some(({ numbers }) => JSON.stringify(numbers) === JSON.stringify(method.numbers));
        // Tables 7 state no numbers, and penalties of the defaults none that tables repeat.
        expect(
          isThere || (method.numbers.length === 0 && own.length > 0),
          `${table.title}: ${method.name}(${method.numbers})`,
        ).toBe(true);
      }
    }
  });

  it('counts the multiply-adds of the paper’s ResNet-32 as a hand does', () => {
    // Three stages of five units; each stage has ten 3×3 convolutions, the first from half the filters, and a 1×1 shortcut.
    const stage = (filters: number, side: number) => {
      const pixels = side * side;
      const first = 9 * (filters / 2) * filters * pixels;
      return first + 9 * (9 * filters * filters * pixels) + (filters / 2) * filters * pixels;
    };
    const byHand = stage(32, 32) + stage(64, 16) + stage(128, 8);
    const [first] = estimates;
    expect(first?.work.flopsPerImage).toBe(2 * byHand);
    expect(first?.work.flopsPerStep).toBe(2 * byHand * 3 * 128);
  });

  it('takes the longer of arithmetic and starts for a step, and passes over the test images after each epoch', () => {
    const [card] = CARDS;
    expect(card.sustainedTflops).toBe(10);
    const [run] = listRuns(TABLES[0] as (typeof TABLES)[0]);
    if (run === undefined) throw new Error('no run');
    const work = {
      flopsPerImage: 0,
      flopsPerStep: 1e11,
      kernelsPerStep: 1000,
      steps: 100,
      testImages: 10_000,
    };
    // 1e11 / 1e13 = 10 ms against 1000 · 5 µs = 5 ms.
    expect(trainingSeconds(run, work, card)).toBeCloseTo(1, 10);
    expect(trainingSeconds(run, { ...work, kernelsPerStep: 4000 }, card)).toBeCloseTo(2, 10);
    // 256 epochs · 10,000 images · 1e9 / 1e13
    expect(trainingSeconds(run, { ...work, flopsPerImage: 1e9 }, card)).toBeCloseTo(1 + 256, 8);
    const settings = { ...run.settings, regularizer: { ...run.settings.regularizer, name: 'variational' } };
    expect(trainingSeconds({ settings: settings as typeof run.settings }, work, card)).toBeCloseTo(2, 10);
  });

  it('has the times that npm run gpu-estimate prints for a card of the same rates', () => {
    const [{ sustainedTflops, microsecondsPerKernel }] = CARDS;
    const { stdout } = spawnSync(
      process.execPath,
      [
        ...['--import', 'tsx', 'scripts/paper-scale/gpu-estimate.ts'],
        ...['--tflops', String(sustainedTflops), '--launch-us', String(microsecondsPerKernel)],
      ],
      { cwd: ROOT, encoding: 'utf8' },
    );
    const printed = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    const rows = page
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .filter(([, title = '']) => /^(Table \d|together)/.test(title));
    expect(rows.length).toBe(TABLES.length + 1);
    for (const [, ...row] of rows) expect(printed).toContainEqual(row.slice(0, 3));
  });

  it('says that nothing of it was measured on a card', () => {
    expect(page).toContain('**Assumed, not measured**');
    expect(page).toContain('none of them was run by this project');
  });
});
