import { describe, expect, it } from 'vitest';
import { measureMagnitudes } from '../../src/figures/magnitudes.ts';

/** Root mean square 2: (1 + 1 + 1 + 1 + 16 + 4) / 6 = 4. */
const LAYER = {
  name: 'dense1',
  sizes: Float32Array.of(1, 1, 1, 1, 4, 2),
  prunedSizes: Float32Array.of(0, 0, 0, 1, 4, 2),
};

describe('measures of a pruned layer', () => {
  const measured = measureMagnitudes([LAYER]);

  it('are shares of what pruning removed and kept, in bins of a tenth of the root mean square', () => {
    expect(measured.removed[5]).toBeCloseTo(3 / 6, 12);
    expect(measured.kept[5]).toBeCloseTo(1 / 6, 12);
    expect(measured.kept[10]).toBeCloseTo(1 / 6, 12);
    expect(measured.kept[20]).toBeCloseTo(1 / 6, 12);
    const sum = [...measured.removed, ...measured.kept].reduce((total, share) => total + share, 0);
    expect(sum).toBeCloseTo(1, 12);
  });

  it('say which share of the squared norm went', () => {
    expect(measured.removedNorm).toBeCloseTo(3 / 24, 12);
  });

  it('count what is below a tenth of the root mean square as nearly zero, and zeros after pruning', () => {
    const [nearly] = measureMagnitudes([
      { name: 'a', sizes: Float32Array.of(0, 0.05, 0.3, 2), prunedSizes: Float32Array.of(0, 0, 0.3, 2) },
    ]).layers;
    expect(nearly).toEqual({ name: 'a', asTrained: 0.5, pruned: 0.5 });
  });

  it('weigh layers alike, however many weights they have', () => {
    const whole = {
      name: 'whole',
      sizes: new Float32Array(1000).fill(1),
      prunedSizes: new Float32Array(1000),
    };
    const { removedNorm, removed } = measureMagnitudes([LAYER, whole]);
    expect(removedNorm).toBeCloseTo((3 / 24 + 1) / 2, 12);
    expect(removed[10]).toBeCloseTo(1 / 2, 12);
  });

  it('put all that lies beyond four root mean squares into the last bin', () => {
    const sizes = new Float32Array(100).fill(0.01);
    sizes[0] = 1;
    const { kept } = measureMagnitudes([{ name: 'peak', sizes, prunedSizes: sizes }]);
    expect(kept.at(-1)).toBeCloseTo(0.01, 12);
  });

  it('are finite for a layer of zeros', () => {
    const { removed, removedNorm } = measureMagnitudes([
      { name: 'dead', sizes: new Float32Array(4), prunedSizes: new Float32Array(4) },
    ]);
    expect([removed[0], removedNorm]).toEqual([1, 0]);
  });
});
