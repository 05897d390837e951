import { describe, expect, it } from 'vitest';
import type { AccuracyLine } from '../../src/figures/types.ts';
import { describeOutcome } from '../../src/report/outcome.ts';
import { measureReach } from '../../src/report/reach.ts';

const RATES = [0, 0.5, 0.8, 0.9];

function line(heading: string, means: readonly number[], deviation?: number): AccuracyLine {
  const seeds = deviation === undefined ? 1 : 3;
  const points = means.map((mean, index) => ({
    rate: RATES[index] ?? 1,
    accuracy: { mean, deviation, seeds },
  }));
  return { heading, variant: heading, style: 0, terms: 'dense', points };
}

function summaryOf(...accuracy: AccuracyLine[]): string {
  return describeOutcome('weight', accuracy).join(' ');
}

describe('how far a network can be pruned', () => {
  it('is measured by plain training with nothing pruned, less one point, for all methods', () => {
    const reaches = measureReach([
      line('none', [0.98, 0.971, 0.969, 0.5]),
      line('targeted(0.66, 0.75)', [0.975, 0.974, 0.973, 0.971]),
      line('variational', [0.96, 0.96, 0.96, 0.96]),
    ]);
    expect(reaches).toMatchObject({ yardstick: 'none', isPlain: true, accuracy: 0.98 });
    expect(reaches?.methods.map(({ rate }) => rate)).toEqual([0.5, 0.9, undefined]);
  });

  it('ends at the first fall, even if a higher rate happens to do better', () => {
    const reaches = measureReach([line('none', [0.98, 0.9, 0.98, 0.1])]);
    expect(reaches?.methods[0]?.rate).toBe(0);
  });

  it('is measured by the best method where there is no plain training', () => {
    const reaches = measureReach([line('l1(0.1)', [0.9, 0.9]), line('l0(0.1)', [0.95, 0.9])]);
    expect(reaches).toMatchObject({ yardstick: 'l0(0.1)', isPlain: false });
  });

  it('is not known where nothing was evaluated unpruned', () => {
    const pruned = {
      ...line('none', []),
      points: [{ rate: 0.5, accuracy: { mean: 1, deviation: undefined, seeds: 1 } }],
    };
    expect(measureReach([pruned])).toBeUndefined();
    expect(measureReach([])).toBeUndefined();
  });
});

describe('a summary', () => {
  it('says how far plain training and the best method come, and what is left of both there', () => {
    expect(
      summaryOf(
        line('none', [0.98, 0.975, 0.9, 0.6], 0.001),
        line('dropout(0.5)', [0.98, 0.975, 0.9, 0.5], 0.001),
        line('targeted(0.66, 0.75)', [0.98, 0.98, 0.975, 0.9], 0.002),
      ),
    ).toMatchInlineSnapshot(
      `"Plain training reaches 98.00 % with nothing pruned. It stays within one point of that up to 50 % of its weights. Of all methods, targeted(0.66, 0.75) can lose most before the same happens: 80 % of weights. At 80 %, targeted(0.66, 0.75) still has 97.50 ± 0.20 %, and plain training 90.00 ± 0.10 %."`,
    );
  });

  it('names targeted dropout where another method comes farther, and who starts low', () => {
    expect(
      summaryOf(
        line('none', [0.98, 0.975, 0.9, 0.6]),
        line('targeted(0.66, 0.75)', [0.98, 0.98, 0.975, 0.9]),
        line('variational', [0.98, 0.98, 0.98, 0.975]),
        line('smallify(0.1)', [0.9, 0.9, 0.9, 0.9]),
      ),
    ).toMatchInlineSnapshot(
      `"Plain training reaches 98.00 % with nothing pruned. It stays within one point of that up to 50 % of its weights. Of all methods, variational can lose most before the same happens: 90 % of weights. At 90 %, variational still has 97.50 %, and plain training 60.00 %. Targeted dropout comes to 80 %, as targeted(0.66, 0.75). At 80 %, targeted(0.66, 0.75) still has 97.50 %, and plain training 90.00 %. More than one point below with nothing pruned: smallify(0.1) (90.00 %)."`,
    );
  });

  it('does not praise what is no better than plain training', () => {
    expect(
      summaryOf(line('none', [0.98, 0.98, 0.975, 0.6]), line('targeted(0.66, 0.75)', [0.98, 0.98, 0.9, 0.5])),
    ).toMatchInlineSnapshot(
      `"Plain training reaches 98.00 % with nothing pruned. It stays within one point of that up to 80 % of its weights. No other method can lose more before the same happens."`,
    );
    expect(
      summaryOf(line('none', [0.98, 0.98, 0.975, 0.6]), line('l1(0.1)', [0.98, 0.98, 0.975, 0.5])),
    ).toMatchInlineSnapshot(
      `"Plain training reaches 98.00 % with nothing pruned. It stays within one point of that up to 80 % of its weights. No other method can lose more before the same happens; l1(0.1) as much."`,
    );
  });
});
