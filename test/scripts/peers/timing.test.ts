/** @file Checks that what other programs disturbed is measured again, and how long. */
import { describe, expect, it } from 'vitest';
import { QUIET } from '../../../scripts/peers/load.ts';
import { measureUndisturbed } from '../../../scripts/peers/timing.ts';

/** Measures under these loads, one after another. */
async function measureUnder(loads: readonly number[]) {
  const told: number[] = [];
  let index = 0;
  const result = await measureUndisturbed(
    async () => {
      const otherLoad = loads[index++] as number;
      return { sides: [{ side: 'onnx', milliseconds: [index], memory: undefined }], otherLoad };
    },
    (load) => told.push(load),
  );
  return { times: result.sides[0]?.milliseconds, load: result.otherLoad, tries: result.tries, told };
}

describe('a measurement', () => {
  it('counts at once on a quiet machine', async () => {
    expect(await measureUnder([QUIET])).toEqual({ times: [1], load: QUIET, tries: 1, told: [] });
  });

  it('is made again while other programs disturb it', async () => {
    expect(await measureUnder([0.9, 0.3, 0.01])).toEqual({
      times: [3],
      load: 0.01,
      tries: 3,
      told: [0.9, 0.3],
    });
  });

  it('is the least disturbed of four if none was quiet', async () => {
    expect(await measureUnder([0.9, 0.3, 0.5, 0.4])).toEqual({
      times: [2],
      load: 0.3,
      tries: 4,
      told: [0.9, 0.3, 0.5],
    });
  });
});
