/** @file Checks which rows of an earlier call are kept, and that new ones take the places of old ones. */
import { describe, expect, it } from 'vitest';
import { compareSides, type PeerRow, type RowSettings } from '../../../scripts/peers/report.ts';
import { isMeasured, replaceRows, rowsOf } from '../../../scripts/peers/resume.ts';
import type { Side } from '../../../scripts/peers/sides.ts';
import { type Comparand, listComparands, SUBJECTS, WORKLOADS } from '../../../scripts/peers/workloads.ts';

const SETTINGS: RowSettings = { images: 'own', threads: 2, rounds: 3, measuredWith: 'td 1 on a processor' };
const SIDES: readonly Side[] = ['onnx', 'pytorch-default'];
const [first, second, third] = listComparands(WORKLOADS, ['none'], SUBJECTS) as [
  Comparand,
  Comparand,
  Comparand,
];

function measured(comparand: Comparand, otherLoad = 0, time = 10): PeerRow[] {
  const sides = SIDES.map((side) => ({ side, milliseconds: [time], memory: undefined }));
  return compareSides(comparand, { sides, otherLoad, tries: 1 }, SETTINGS);
}

describe('rows of an earlier call', () => {
  const rows = [...measured(first), ...measured(second, 0.06)];

  it('need not be measured again if they were undisturbed', () => {
    expect(isMeasured(rows, first, SIDES, SETTINGS)).toBe(true);
    expect(isMeasured(rows, second, SIDES, SETTINGS)).toBe(false);
    expect(isMeasured(rows, third, SIDES, SETTINGS)).toBe(false);
  });

  it.each<[string, readonly Side[], object]>([
    ['more sides', [...SIDES, 'tensorflow'], {}],
    ['fewer sides', ['onnx'], {}],
    ['other sides', ['onnx', 'tensorflow'], {}],
    ['more threads', SIDES, { threads: 4 }],
    ['more rounds', SIDES, { rounds: 5 }],
    ['other images', SIDES, { images: 'noise' }],
    ['another version', SIDES, { measuredWith: 'td 2 on a processor' }],
  ])('are measured again with %s', (_, sides, change) => {
    expect(isMeasured(rows, first, sides, { ...SETTINGS, ...change })).toBe(false);
  });

  it('are replaced in their places, and others stay', () => {
    const fresh = measured(first, 0, 5);
    const all = replaceRows(rows, first, fresh);
    expect(rowsOf(all, first)).toEqual(fresh);
    expect(rowsOf(all, second)).toEqual(rowsOf(rows, second));
    // In the order of the table, whatever was measured first.
    const late = replaceRows(replaceRows([], third, measured(third)), first, measured(first));
    expect(late).toEqual([...measured(first), ...measured(third)]);
  });
});
