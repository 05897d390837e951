/** @file Tables, figures, report and baseline while each call that writes them fails once: the old file or the new, no third. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { baseline } from '../../src/cli/baseline.ts';
import { report } from '../../src/cli/report.ts';
import type { Figure } from '../../src/figures/list-figures.ts';
import type { ExperimentFigures } from '../../src/figures/types.ts';
import { writeFigures } from '../../src/figures/write-figures.ts';
import { changeTables } from '../../src/sweeps/store.ts';
import { tabulateVariants, variantTablePath, writeVariantTable } from '../../src/tables/variant-table.ts';
import { describeFailure } from '../../src/terminal/failures.ts';
import { EXPERIMENT, writeResults } from '../figures/results-folder.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { withFaults } from '../support/faulty-fs.ts';

vi.mock('node:fs', async (importOriginal) => {
  const { wrapFileSystem } = await import('../support/faulty-fs.ts');
  return wrapFileSystem(await importOriginal());
});

/** What is drawn and shown does not matter here, and takes seconds. */
const content = vi.hoisted(() => ({ version: 'first' }));
vi.mock('../../src/figures/draw.ts', () => ({
  drawSvg: ({ name }: Figure) => `<svg>${name}, ${content.version}</svg>`,
  drawPng: (svg: string) => Buffer.from(`PNG of ${svg}`),
}));
vi.mock('../../src/figures/list-figures.ts', () => ({
  listFigures: () => [{ name: 'accuracy-weight' }],
}));
vi.mock('../../src/report/assets.ts', () => ({ loadAssets: async () => ({}) }));
vi.mock('../../src/report/make-report.ts', () => ({
  makeReport: async () => ({ page: `<html>${content.version}</html>`, problems: [] }),
}));

beforeEach(() => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const CODES = ['ENOSPC', 'EIO', 'EACCES'] as const;
const NONE = () => undefined;

/** The end of a sweep, a report, and the keeping of a baseline. Each generation writes other bytes. */
async function writeOutputs(results: string, generation: 'first' | 'second'): Promise<void> {
  content.version = generation;
  await changeTables(results, EXPERIMENT, (rows) => {
    const kept = rows.filter(({ seed }) => generation === 'second' || seed === 0);
    for (const granularity of ['weight', 'unit'] as const) {
      const comparison = tabulateVariants(kept, granularity, []);
      writeVariantTable(variantTablePath(results, EXPERIMENT, granularity), comparison);
    }
  });
  writeFigures(results, { experiment: EXPERIMENT, granularities: [] } satisfies ExperimentFigures);
  await report([EXPERIMENT], { results });
  if (generation === 'second') await baseline(EXPERIMENT, { results, out: join(results, 'baseline.csv') });
}

const OUTPUTS = [
  'baseline.csv',
  ...['table-weight.csv', 'table-unit.csv', 'report.html'].map((name) => join(EXPERIMENT, name)),
  ...['svg', 'png'].map((ending) => join(EXPERIMENT, `figure-accuracy-weight.${ending}`)),
];

/** Each output's bytes, nothing where there is none. */
function outputsIn(results: string): Record<string, string | undefined> {
  const read = (name: string) => {
    const path = join(results, name);
    return existsSync(path) ? readFileSync(path, 'latin1') : undefined;
  };
  return Object.fromEntries(OUTPUTS.map((name) => [name, read(name)]));
}

function makeFolder(): string {
  const results = join(temporaryFolder(), 'results');
  mkdirSync(results);
  writeResults(results);
  return results;
}

describe('what a sweep, a report and a baseline write', () => {
  it('is the old file or the new one, whichever call fails, and the same command then completes it', async () => {
    const results = makeFolder();
    const write = (generation: 'first' | 'second') =>
      withFaults(NONE, () => writeOutputs(results, generation));
    await write('first');
    const first = outputsIn(results);
    const { calls, error } = await write('second');
    const second = outputsIn(results);
    expect(error).toBeUndefined();
    expect(Object.values(second)).not.toContain(undefined);
    for (const name of OUTPUTS) expect(first[name], name).not.toBe(second[name]);
    expect(calls).toBeGreaterThan(8 * OUTPUTS.length);

    for (let faulty = 1; faulty <= calls; faulty++) {
      await write('first');
      const code = CODES[faulty % CODES.length];
      const fails = (call: number) => (call === faulty ? code : undefined);
      const { error } = await withFaults(fails, () => writeOutputs(results, 'second'));
      if (error !== undefined) expect(describeFailure(error), `call ${faulty}`).toMatch(`(${code})`);
      const found = outputsIn(results);
      for (const name of OUTPUTS)
        expect([first[name], second[name]], `${name}, call ${faulty}`).toContain(found[name]);
      await write('second');
      expect(outputsIn(results), `call ${faulty}`).toEqual(second);
      const left = readdirSync(results, { recursive: true }).filter((name) => String(name).endsWith('.tmp'));
      expect(left, `call ${faulty}`).toEqual([]);
    }
  });
});
