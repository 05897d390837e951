/** @file Checks comparison tables against means and deviations worked out by hand. */
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DENSE, type SweepRow, UNCOUNTED } from '../../src/sweeps/rows.ts';
import { formatVariantTable } from '../../src/tables/format-variant-table.ts';
import { tabulateVariants, variantTablePath, writeVariantTable } from '../../src/tables/variant-table.ts';
import { temporaryFolder } from '../runs/temporary.ts';

function rowOf(
  variant: string,
  seed: number,
  pruneRate: number,
  accuracy: number,
  hash = '1a2b3c4d',
): SweepRow {
  return {
    experiment: 'mnist',
    variant,
    seed,
    granularity: 'weight',
    pruneRate,
    sparsity: pruneRate,
    parametersTotal: 1000,
    parametersKept: 100,
    ...DENSE,
    ...UNCOUNTED,
    accuracy,
    loss: 0.1,
    testImages: 10_000,
    runId: `${variant}/seed-${seed}-${hash}@5e6f7a8b`,
  };
}

// targeted at 0.9: mean of 97.2, 97.3 and 97.5 is 97.3333; squared differences 0.017778 + 0.001111 + 0.027778 sum to
// 0.046667, half of which is 0.023333, whose root is 0.152753.
const ROWS = [
  rowOf('targeted', 0, 0.9, 0.972),
  rowOf('targeted', 1, 0.9, 0.973),
  rowOf('targeted', 2, 0.9, 0.975),
  rowOf('targeted', 0, 0, 0.99),
  rowOf('none', 0, 0, 0.9912),
  rowOf('none', 0, 0.95, 0.0987),
  { ...rowOf('none', 0, 0.5, 0.5), granularity: 'unit' as const },
];

describe('tabulateVariants', () => {
  it('takes the mean and the sample standard deviation over seeds', () => {
    const { cells, rates, variants } = tabulateVariants(ROWS, 'weight', ['none', 'targeted']);
    expect([variants, rates]).toEqual([
      ['none', 'targeted'],
      [0, 0.9, 0.95],
    ]);
    expect(cells[1]?.[1]?.mean).toBeCloseTo(0.97333333, 8);
    expect(cells[1]?.[1]?.deviation).toBeCloseTo(0.00152753, 8);
    expect(cells[1]?.[1]?.seeds).toBe(3);
    expect(cells[0]?.[0]).toEqual({ mean: 0.9912, deviation: undefined, seeds: 1 });
    expect(cells[1]?.[0]).toBeUndefined();
  });

  it('never averages runs of different settings', () => {
    const rows = [
      rowOf('none', 0, 0.5, 0.9),
      rowOf('none', 0, 0.5, 0.1, 'ffffffff'),
      rowOf('l1', 0, 0.5, 0.8),
    ];
    const { cells, variants } = tabulateVariants(rows, 'weight', ['none', 'l1']);
    expect(variants).toEqual(['none (1a2b3c4d)', 'none (ffffffff)', 'l1']);
    expect(cells[0]?.map((cell) => cell?.mean)).toEqual([0.9, 0.1, 0.8]);
  });
});

describe('writeVariantTable', () => {
  it('writes mean, deviation and number of seeds in columns of their own, as shares, and nothing where there is no run', () => {
    const path = variantTablePath(temporaryFolder(), 'mnist', 'weight');
    mkdirSync(dirname(path));
    writeVariantTable(path, tabulateVariants(ROWS, 'weight', ['none', 'targeted']));
    const text = readFileSync(path, 'utf8');
    const [header, ...rows] = text.trimEnd().split('\n');
    expect(header).toBe('prune_rate,none mean,none sd,none n,targeted mean,targeted sd,targeted n');
    expect([rows[0], rows[2]]).toEqual(['0,0.9912,,1,0.99,,1', '0.95,0.0987,,1,,,']);
    const numbers = rows[1]?.split(',').map((field) => (field === '' ? null : Number(field)));
    expect(numbers?.slice(0, 4)).toEqual([0.9, null, null, null]);
    expect(numbers?.[4]).toBeCloseTo(0.97333333, 8);
    expect(numbers?.[5]).toBeCloseTo(0.00152753, 8);
    expect(numbers?.[6]).toBe(3);
    // No field needs a reader that knows more than commas and ASCII.
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  });
});

describe('formatVariantTable', () => {
  it('aligns numbers to the right and marks the best of each row that has a choice', () => {
    const text = formatVariantTable(tabulateVariants(ROWS, 'weight', ['none', 'targeted']));
    expect(text).toMatchInlineSnapshot(`
      "Test accuracy in percent, weights pruned (mean ± sd over 1 to 3 seeds, * best of the row)

      pruned   none       targeted
         0 %  99.12*         99.00
        90 %          97.33 ± 0.15
        95 %   9.87"
    `);
  });

  it('marks all that are best as printed', () => {
    const rows = [rowOf('a', 0, 0.5, 0.90001), rowOf('b', 0, 0.5, 0.90002), rowOf('c', 0, 0.5, 0.8)];
    expect(formatVariantTable(tabulateVariants(rows, 'weight')).split('\n').at(-1)).toBe(
      '  50 %  90.00*  90.00*  80.00',
    );
  });

  it('breaks a table of many variants into blocks that fit, each with its rates', () => {
    const variants = Array.from({ length: 12 }, (_, index) => `targeted-weight-${index}`);
    const rows = variants.flatMap((variant) => [rowOf(variant, 0, 0, 0.99), rowOf(variant, 0, 0.985, 0.5)]);
    const lines = formatVariantTable(tabulateVariants(rows, 'weight', variants)).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.filter((line) => line.startsWith('98.5 %'))).toHaveLength(3);
    for (const variant of variants) expect(lines.join('\n')).toMatch(new RegExp(`${variant}( |$)`, 'm'));
  });

  it('sets headings and the best in bold only when asked, without moving anything', () => {
    const comparison = tabulateVariants(ROWS, 'weight', ['none', 'targeted']);
    const plain = formatVariantTable(comparison);
    const bold = formatVariantTable(comparison, { bold: true });
    expect(plain).not.toContain('\u001b');
    expect(bold).toContain('\u001b[1m99.12*\u001b[22m');
    const stripped = bold.replaceAll('\u001b[1m', '').replaceAll('\u001b[22m', '');
    expect(stripped.replace(/ +$/gm, '')).toBe(plain);
  });

  it('is a bare title where nothing was pruned', () => {
    expect(formatVariantTable(tabulateVariants([], 'unit'))).toContain('units pruned');
  });
});
