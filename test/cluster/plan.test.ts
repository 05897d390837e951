/** @file Plans: the order and the hash of their cells, and how one of them is named. */
import { describe, expect, it } from 'vitest';
import { findCell, hashPlan, listCells } from '../../src/cluster/plan.ts';
import { requireSamePlan, type WrittenPlan } from '../../src/cluster/plan-file.ts';
import { expandRuns, type RunSpec } from '../../src/config/experiment.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';

function runsOf(name: string, variants: readonly string[], seeds: readonly number[], epochs = 10): RunSpec[] {
  const settings = runSettingsSchema.parse({ schedule: { epochs } });
  const sweep = { prune: '0', granularity: 'both' } as const;
  const path = `${name}.yaml`;
  return expandRuns({ name, path, seeds, sweep, variants: variants.map((own) => ({ name: own, settings })) });
}

const runs = [...runsOf('b', ['x'], [0]), ...runsOf('a', ['v10', 'v9'], [10, 9])];
const cells = listCells(runs);

describe('a plan', () => {
  it('orders its cells by experiment, variant and seed, whatever the order of files, variants and seeds', () => {
    expect(cells.map(({ index, id }) => `${index} ${id.replace(/-\w{8}$/, '')}`)).toEqual([
      '0 a/v9/seed-9',
      '1 a/v9/seed-10',
      '2 a/v10/seed-9',
      '3 a/v10/seed-10',
      '4 b/x/seed-0',
    ]);
    expect(listCells(runs.toReversed())).toEqual(cells);
  });

  it('has a hash that changes with each of its runs and their settings, and with nothing else', () => {
    const others = [
      runs.slice(1),
      [...runs, ...runsOf('c', ['x'], [0])],
      [...runsOf('b', ['x'], [0], 11), ...runs.slice(1)],
      [...runsOf('b', ['x'], [1]), ...runs.slice(1)],
    ].map((other) => hashPlan(listCells(other)));
    expect(new Set([...others, hashPlan(cells)]).size).toBe(5);
    expect(hashPlan(listCells(runs.toReversed()))).toBe(hashPlan(cells));
  });

  it('finds a cell by its index and by its id, and says which there are', () => {
    const find = (text: string) => findCell(cells, text, 'plan.json');
    expect(find('3')).toBe(3);
    expect(find(cells[4]?.id ?? '')).toBe(4);
    const [id = ''] = cells.map((cell) => cell.id);
    expect(() => find('5')).toThrow(
      `--cell: plan.json has no cell "5", expected an index from 0 to 4, or an id such as ${id}`,
    );
    expect(() => find(id.replace('v9', 'v8'))).toThrow(`(did you mean "${id}"?)`);
  });

  it('of which somebody has picked cells means the same ones by their indices and ids', () => {
    const picked = cells.slice(2, 4);
    const [first] = picked;
    expect(findCell(picked, '3', 'plan.json')).toBe(3);
    expect(findCell(picked, first?.id ?? '', 'plan.json')).toBe(2);
    expect(() => findCell(picked, '0', 'plan.json')).toThrow(
      'has no cell "0", expected an index from 2 to 3',
    );
    const written = { files: ['a.yaml'], hash: hashPlan(cells), cells: picked } as unknown as WrittenPlan;
    expect(() => requireSamePlan('plan.json', written, cells)).not.toThrow();
    const renumbered = { ...written, cells: picked.map((cell, index) => ({ ...cell, index })) };
    expect(() => requireSamePlan('plan.json', renumbered, cells)).toThrow(
      `cell 0 is ${cells[0]?.id}, and ${first?.id} in the plan`,
    );
  });

  it('is refused once its experiments have other runs, with the first cell that differs', () => {
    const written = { files: ['a.yaml'], hash: hashPlan(cells), cells } as unknown as WrittenPlan;
    const attempt = (now: readonly RunSpec[]) => () => requireSamePlan('plan.json', written, listCells(now));
    expect(attempt(runs)).not.toThrow();
    expect(attempt(runs.slice(1))).toThrow(/any more: cell 4 is none, and b\/x\/seed-0-\w{8} in the plan; /);
    expect(attempt([...runs, ...runsOf('c', ['x'], [0])])).toThrow('there are 6 cells, and 5 in the plan');
  });
});
