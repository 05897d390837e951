/** @file Which fresh rows are compared with which of the baseline, and what is a fault. */
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { judge } from '../../src/gate/judge.ts';
import { pairRows } from '../../src/gate/pair.ts';
import { type SweepRow, settingsHashOf } from '../../src/sweeps/rows.ts';
import { SweepRows } from '../sweeps/sweep-rows.ts';

function sweep(): SweepRows {
  return new SweepRows()
    .add('none', { name: 'none' }, { 0: [0.98, 0.981], 0.8: [0.5, 0.6] }, ['weight', 'unit'])
    .add('l1', { name: 'l1' }, { 0: [0.97, 0.972], 0.8: [0.9, 0.91] });
}

const BASELINE = sweep().rows;
const [NONE_HASH, L1_HASH] = ['none', 'l1'].map((variant) =>
  settingsHashOf(BASELINE.find((row) => row.variant === variant) as SweepRow),
) as [string, string];

function changed(change: (row: SweepRow) => Partial<SweepRow>): SweepRow[] {
  return BASELINE.map((row) => ({ ...row, ...change(row) }));
}

function judged(fresh: readonly SweepRow[]): ReturnType<typeof judge> {
  return judge({ experiment: 'few', baseline: BASELINE, fresh, alpha: 0.05 });
}

describe('pairRows', () => {
  it('pairs every cell of the baseline, whatever the seeds', () => {
    const { cells, faults, notes } = pairRows(
      BASELINE,
      changed(({ seed }) => ({ seed: seed + 10 })),
    );
    expect(cells).toHaveLength(2 * 2 + 2);
    expect(cells[1]).toEqual({
      variant: 'none',
      granularity: 'weight',
      pruneRate: 0.8,
      testImages: 10_000,
      baseline: [0.5, 0.6],
      fresh: [0.5, 0.6],
    });
    expect([faults, notes]).toEqual([[], ['evaluation: dense']]);
  });

  it('compares under the evaluation that the baseline holds, and says where the fresh sweep lacks it', () => {
    const gamma = changed(() => ({ evaluation: 'gamma' }));
    const worse = changed(() => ({ accuracy: 0 }));
    const both = pairRows(gamma, [...worse, ...gamma]);
    expect(both.faults).toEqual([]);
    expect(both.cells).toHaveLength(6);
    expect(both.cells.map(({ fresh }) => fresh)).toEqual(both.cells.map(({ baseline }) => baseline));
    expect(both.notes).toEqual(['evaluation: gamma']);
    const { cells, faults } = pairRows(gamma, BASELINE);
    expect(cells).toEqual([]);
    expect(faults.map(({ sentence }) => sentence)).toContain(
      `no fresh rows of the baseline's evaluation, gamma; "td sweep --evaluate gamma" makes them`,
    );
    const drawn = changed(() => ({ evaluation: 'stochastic', draws: 3, recalibrated: 1000 }));
    expect(pairRows(drawn, BASELINE).faults[0]?.sentence).toBe(
      'no fresh rows of the baseline\'s evaluation, stochastic with 3 draws, recalibrated on 1000 images; "td sweep --evaluate stochastic --draws 3 --recalibrate 1000" makes them',
    );
    const l1Alone = changed(({ variant }) => (variant === 'l1' ? { evaluation: 'gamma' } : {}));
    expect(pairRows(l1Alone, l1Alone).notes).toEqual(['evaluation: dense (none); gamma (l1)']);
    const mixed = [...BASELINE, ...gamma];
    expect(() => pairRows(mixed, BASELINE)).toThrow('with two evaluations (dense and gamma)');
  });

  it('leaves out rates that the baseline lacks, which is no fault', () => {
    const more = changed(() => ({ pruneRate: 0.75, accuracy: 0 })).slice(0, 2);
    const { cells, faults, notes } = pairRows(BASELINE, [...BASELINE, ...more]);
    expect(cells.map(({ pruneRate }) => pruneRate)).toEqual([0, 0.8, 0, 0.8, 0, 0.8]);
    expect([faults, notes]).toEqual([[], ['evaluation: dense']]);
  });

  it('misses a variant that was not swept', () => {
    const { faults } = pairRows(
      BASELINE,
      BASELINE.filter(({ variant }) => variant === 'none'),
    );
    expect(faults).toEqual([
      { kind: 'missing', variant: 'l1', sentence: 'it has no fresh rows; was it trained and swept?' },
    ]);
  });

  it('misses rates and granularities', () => {
    const fresh = BASELINE.filter(
      ({ granularity, pruneRate }) => granularity === 'weight' || pruneRate === 0,
    );
    const { cells, faults } = pairRows(BASELINE, fresh);
    expect(cells).toHaveLength(5);
    expect(faults).toEqual([
      { kind: 'missing', variant: 'none', sentence: 'no fresh rows with 80 % of units pruned' },
    ]);
  });

  it('refuses rows of other settings, and names both hashes', () => {
    const fresh = changed(({ runId }) => ({ runId: runId.replace(L1_HASH, '0badc0de') }));
    const { cells, faults } = pairRows(BASELINE, fresh);
    expect(cells.map(({ variant }) => variant)).not.toContain('l1');
    expect(faults).toMatchObject([{ kind: 'settings', variant: 'l1' }]);
    expect(faults[0]?.sentence).toContain(`hash 0badc0de, the baseline's is ${L1_HASH}`);
  });

  it('leaves out stale rows of other settings, and says so', () => {
    const stale = changed(({ runId }) => ({
      accuracy: 0,
      runId: runId.replace(/-[0-9a-f]{8}@/, '-0badc0de@'),
    }));
    const { cells, notes } = pairRows(BASELINE, [...stale, ...BASELINE]);
    expect(cells.every(({ fresh }) => !fresh.includes(0))).toBe(true);
    expect(notes).toEqual([
      'evaluation: dense',
      ...['none', 'l1'].map((name) => `${name}: fresh rows of other settings are left out`),
    ]);
  });

  it('takes the settings of the experiment file for the present ones, even if old rows are there', () => {
    const hashes = new Map([
      ['none', NONE_HASH],
      ['l1', '0badc0de'],
    ]);
    expect(pairRows(BASELINE, BASELINE, hashes).faults).toMatchObject([{ kind: 'settings', variant: 'l1' }]);
    hashes.delete('l1');
    expect(pairRows(BASELINE, BASELINE, hashes).faults).toEqual([
      { kind: 'missing', variant: 'l1', sentence: 'the experiment has no such variant any more' },
    ]);
  });

  it('refuses another number of test images', () => {
    const { faults } = pairRows(
      BASELINE,
      changed(({ variant }) => (variant === 'l1' ? { testImages: 200 } : {})),
    );
    expect(faults).toEqual([{ kind: 'settings', variant: 'l1', sentence: '200 test images beside 10000' }]);
  });

  it('notes variants that the baseline has not', () => {
    const fresh = sweep().add(
      'new',
      { name: 'dropout', granularity: 'unit', dropRate: 0.5 },
      { 0: 0.9 },
    ).rows;
    const { faults, notes } = pairRows(BASELINE, fresh);
    expect([faults, notes]).toEqual([
      [],
      ['evaluation: dense', 'no such rows in the baseline, not compared: new'],
    ]);
  });

  it.each([
    ['a run twice', [...BASELINE, ...BASELINE], /seed 0, 0 % of weights pruned, twice/],
    [
      'two settings of a variant',
      [
        ...BASELINE,
        ...changed(({ runId, seed }) => ({ seed: seed + 5, runId: runId.replace(L1_HASH, '0badc0de') })),
      ],
      /two settings/,
    ],
    [
      'an accuracy above 1',
      changed(() => ({ accuracy: 98.1 })),
      /accuracy 98\.1 .* expected a share from 0 to 1/,
    ],
    ['no accuracy', changed(() => ({ accuracy: Number.NaN })), /accuracy NaN/],
    ['no test image', changed(() => ({ testImages: 0 })), /of 0 test images/],
  ])('refuses a baseline with %s', (_, baseline, message) => {
    expect(() => pairRows(baseline, BASELINE)).toThrow(UserError);
    expect(() => pairRows(baseline, BASELINE)).toThrow(message);
  });
});

describe('judge', () => {
  it('passes a sweep that equals its baseline', () => {
    expect(judged(BASELINE)).toMatchObject({
      passed: true,
      isSpreadKnown: true,
      faults: [],
      notes: ['evaluation: dense'],
    });
  });

  it('fails if a variant is missing, though all that is there is well', () => {
    expect(judged(BASELINE.filter(({ variant }) => variant === 'none')).passed).toBe(false);
  });

  it('fails if a cell falls', () => {
    const report = judged(
      changed(({ variant, accuracy }) => ({ accuracy: variant === 'l1' ? accuracy / 2 : accuracy })),
    );
    expect(report.passed).toBe(false);
    expect(report.cells.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok', 'ok', 'fell', 'fell']);
  });

  it('says so where no spread is known', () => {
    const single = BASELINE.filter(({ seed }) => seed === 0);
    const { passed, notes } = judge({ experiment: 'few', baseline: single, fresh: single, alpha: 0.05 });
    expect(passed).toBe(true);
    expect(notes).toMatchObject(['evaluation: dense', expect.stringContaining('one seed on either side')]);
  });
});
