/** @file What a user of each network gets. */
import { describe, expect, it } from 'vitest';
import type { MeasureRow } from '../../src/export/measure-rows.ts';
import { collectCosts } from '../../src/figures/collect-costs.ts';
import type { MethodRuns } from '../../src/figures/group-methods.ts';
import { collectGains, type Gain } from '../../src/report/gains.ts';
import { renderGains } from '../../src/report/gains-section.ts';
import { SweepRows } from '../sweeps/sweep-rows.ts';

const sweep = new SweepRows().add(
  'none',
  { name: 'none' },
  { 0: [0.98, 0.96], 0.5: [0.97, 0.96], 0.7: [0.9, 0.9], 0.8: [0.97, 0.97] },
  ['unit'],
);
const rows = sweep.rows.map((row) => ({
  ...row,
  multiplyAddsTotal: 1000,
  multiplyAddsKept: 1000 * (1 - row.pruneRate),
}));
const method: MethodRuns = {
  ...{ heading: 'none', variant: 'none', style: 0, method: undefined, settings: undefined, runs: [] },
  rows,
};

function measured(pruneRate: number, share: number): MeasureRow[] {
  return rows
    .filter((row) => row.pruneRate === pruneRate)
    .map(
      ({ runId, seed }) =>
        ({
          ...{ runId, seed, granularity: 'unit', pruneRate },
          ...{ bytes: 4000 * share, gzipBytes: 3000 * share, sparseBytes: 1, multiplyAdds: 900 * share },
          ...{ median1: 2 * share, median128: 60 * share },
        }) as MeasureRow,
    );
}

const render = (...gains: (Gain | undefined)[]): string =>
  renderGains([{ granularity: 'unit', gains: gains.filter((gain) => gain !== undefined) }], '').markup;

describe('what you get', () => {
  it('is the network before the first fall below a point, with the share of multiply-adds that the sweep counts', () => {
    const [gain] = collectGains([method], 'unit', []);
    expect(gain).toMatchObject({ heading: 'none', rate: 0.5, multiplyAddsShare: 0.5 });
    expect(gain?.dense).toBeCloseTo(0.97, 12);
    expect(gain?.accuracy).toBeCloseTo(0.965, 12);
    expect(gain?.measured).toBeUndefined();
    expect(render(gain)).toContain('<code>td measure</code> adds bytes');
  });

  it('has bytes, multiply-adds and time of the exported network where they were measured', () => {
    const [gain] = collectGains([method], 'unit', [...measured(0, 1), ...measured(0.5, 0.25)]);
    expect(gain?.measured?.smallest).toEqual({
      bytes: 1000,
      gzipBytes: 750,
      multiplyAdds: 225,
      one: 0.5,
      many: 15,
    });
    const page = render(gain);
    expect(page).toContain('<td>1,000 (25 %)</td><td>0.500 ms (25 %)</td><td>15.0 ms (25 %)</td>');
    expect(page).not.toContain('as the sweep counts them');
    // Beside it a network that was not measured has multiply-adds of the other kind, and the page says so.
    const uncosted = collectGains([method], 'unit', []);
    const both = render(...uncosted, gain);
    expect(both).toMatch(/Networks without bytes were not measured .* as the sweep counts them/);
  });
});

it('has a heading for weights and units together, and says once what the numbers are', () => {
  const gains = collectGains([method], 'unit', []);
  const both = [
    { granularity: 'weight', gains },
    { granularity: 'unit', gains },
  ] as const;
  const { markup } = renderGains(both, ' (dense)');
  expect(markup.match(/<h3>What you get \(dense\)<\/h3>/g)).toHaveLength(1);
  expect(markup.match(/<caption>.*units pruned \(dense\)<\/caption>/g)).toHaveLength(1);
  expect(markup.match(/as the sweep counts them/g)).toHaveLength(1);
  expect(renderGains([{ granularity: 'unit', gains: [] }], '').markup).toBe('');
});

describe('accuracy over costs', () => {
  it('takes multiply-adds from the sweep until all networks are measured', () => {
    const costsOf = (measures: readonly MeasureRow[]) => collectCosts([method], 'unit', measures);
    const [counted, none] = costsOf(measured(0.5, 0.25));
    expect(none).toBeUndefined();
    expect(counted).toMatchObject({ kind: 'multiply-adds', isMeasured: false });
    expect(counted?.lines[0]?.points.map(({ rate, cost }) => [rate, Number(cost.toFixed(9))])).toEqual([
      [0, 1],
      [0.5, 0.5],
      [0.7, 0.3],
      [0.8, 0.2],
    ]);
    const all = [0, 0.5, 0.7, 0.8].flatMap((rate) => measured(rate, (1 - rate) ** 2));
    const [multiplyAdds, latency] = costsOf(all);
    expect(multiplyAdds?.isMeasured).toBe(true);
    expect(multiplyAdds?.lines[0]?.points[1]?.cost).toBeCloseTo(0.25, 12);
    expect(latency?.lines[0]?.points.map(({ cost }) => Number(cost.toFixed(3)))).toEqual([
      2, 0.5, 0.18, 0.08,
    ]);
  });
});
