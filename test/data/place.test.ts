/** @file Where data sets are fetched to: TD_DATA, a checkout that can be written to, the user's cache folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataPlace, datasetFolder } from '../../src/data/place.ts';
import { temporaryFolder } from '../runs/temporary.ts';

const FILES = ['train.bin', 'test.bin'];

describe('data sets are fetched', () => {
  it('to the folder that TD_DATA names, whatever else there is', () => {
    const checkout = temporaryFolder();
    const environment = { TD_DATA: '/elsewhere' };
    expect(dataPlace(environment, checkout)).toEqual({ folder: '/elsewhere', reason: 'as TD_DATA says' });
    mkdirSync(join(checkout, 'set'));
    for (const name of FILES) writeFileSync(join(checkout, 'set', name), '');
    expect(datasetFolder('set', FILES, environment, checkout)).toBe('/elsewhere/set');
  });

  it("to td's checkout, where it can be written to", () => {
    const checkout = temporaryFolder();
    expect(dataPlace({}, checkout).folder).toBe(checkout);
    expect(datasetFolder('set', FILES, {}, checkout)).toBe(join(checkout, 'set'));
  });

  it("to the user's cache folder, where td was installed by someone else or as a package", () => {
    const environment = { XDG_CACHE_HOME: '/cache' };
    const installed = join(temporaryFolder(), 'node_modules/td/datasets');
    mkdirSync(installed, { recursive: true });
    for (const checkout of [installed, '/nowhere/datasets']) {
      expect(dataPlace(environment, checkout).folder).toBe('/cache/td/datasets');
      expect(datasetFolder('set', FILES, environment, checkout)).toBe('/cache/td/datasets/set');
    }
  });

  it('not at all, if they came with td for all of its users', () => {
    const installed = join(temporaryFolder(), 'node_modules/td/datasets');
    mkdirSync(join(installed, 'set'), { recursive: true });
    for (const name of FILES) writeFileSync(join(installed, 'set', name), '');
    expect(datasetFolder('set', FILES, {}, installed)).toBe(join(installed, 'set'));
  });
});
