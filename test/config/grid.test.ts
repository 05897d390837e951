/** @file Grids of settings under a variant. */
import { describe, expect, it } from 'vitest';
import { parseGridName } from '../../src/config/grid.ts';
import { hashOf } from '../../src/config/identity.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { messageOf, writeFolder } from './folder.ts';

const TARGETED = 'regularizer: { name: targeted, granularity: weight }';
const withGrid = (grid: string) => `variants: { none: {}, targeted: { ${TARGETED}, grid: ${grid} } }\n`;

function load(text: string) {
  const folder = writeFolder({ 'x.yaml': text });
  return loadExperiment(`${folder}/x.yaml`);
}

function refusal(grid: string): string {
  const folder = writeFolder({ 'x.yaml': withGrid(grid) });
  return messageOf(() => loadExperiment(`${folder}/x.yaml`), folder);
}

describe('a grid', () => {
  it('makes a variant of each combination, the first axis outermost, named by its values', () => {
    const { variants } = load(withGrid('{ dropRate: [0.33, 0.66], schedule.epochs: [1, 2] }'));
    expect(variants.map(({ name }) => name)).toEqual([
      'none',
      'targeted--dropRate-0.33--schedule.epochs-1',
      'targeted--dropRate-0.33--schedule.epochs-2',
      'targeted--dropRate-0.66--schedule.epochs-1',
      'targeted--dropRate-0.66--schedule.epochs-2',
    ]);
    expect(variants[3]?.settings).toMatchObject({
      regularizer: { name: 'targeted', granularity: 'weight', dropRate: 0.66 },
      schedule: { epochs: 1 },
    });
  });

  it('gives each of its variants the hash that the same settings have without it', () => {
    const made = load(withGrid('{ dropRate: [0.33] }')).variants[1];
    const plain = load(`variants: { some: { regularizer: { name: targeted, granularity: weight, dropRate: 0.33 } } }`).variants[0]; // biome-ignore format: one line
    expect(made && hashOf(made.settings)).toBe(plain && hashOf(plain.settings));
  });

  it.each([
    ['regularizer.dropRate=0.9'],
    ['variants.targeted--dropRate-0.33.regularizer.dropRate=0.9'],
    ['regularizer={ name: l1 }'],
  ])('keeps the values that its variants are named by: --set %s', (text) => {
    const folder = writeFolder({ 'x.yaml': withGrid('{ dropRate: [0.33, 0.66] }') });
    const loadWith = (only: string[]) => () => loadExperiment(`${folder}/x.yaml`, { set: [text], only });
    expect(loadWith(['targeted--dropRate-0.33', 'targeted--dropRate-0.66'])).toThrow(
      '--set changes dropRate, by which the grid names variant "targeted--dropRate-0.33", expected other values in the grid of the file',
    );
    if (text.includes('l1')) expect(loadWith(['none'])).not.toThrow();
  });

  it('takes what --set says of other settings, and the value that an axis has', () => {
    const folder = writeFolder({ 'x.yaml': withGrid('{ dropRate: [0.33] }') });
    const set = ['schedule.epochs=3', 'regularizer.dropRate=0.33', 'regularizer.targetRate=0.6'];
    const only = ['targeted--dropRate-0.33'];
    expect(loadExperiment(`${folder}/x.yaml`, { set, only }).variants[0]?.settings).toMatchObject({
      regularizer: { dropRate: 0.33, targetRate: 0.6 },
      schedule: { epochs: 3 },
    });
  });

  it('is read back from the name of a variant, and from no other name', () => {
    expect(parseGridName('targeted--dropRate-0.33--schedule.epochs-1')).toEqual({
      base: 'targeted',
      values: new Map([
        ['dropRate', '0.33'],
        ['schedule.epochs', '1'],
      ]),
    });
    expect(parseGridName('targeted--optimizer-1e-3')?.values.get('optimizer')).toBe('1e-3');
    expect(parseGridName('targeted-weight-0.5')).toBeUndefined();
    expect(parseGridName('targeted--twice')).toBeUndefined();
  });

  it('is read back where a value is negative', () => {
    expect(parseGridName('made-up--shift--0.5--schedule.epochs-1')).toEqual({
      base: 'made-up',
      values: new Map([
        ['shift', '-0.5'],
        ['schedule.epochs', '1'],
      ]),
    });
  });

  it.each([
    ['{ dropRat: [1] }', 'x.yaml:1:97: unknown key "dropRat" for regularizer "targeted" (did you mean "dropRate"?), in variant "targeted--dropRat-1"'],
    ['{ dropRate: 0.3 }', 'x.yaml:1:97: dropRate of a grid is no list of values, expected one such as [0.33, 0.66]'],
    ['{ dropRate: [0.3, 2] }', 'x.yaml:1:113: regularizer.dropRate is 2, expected a number of at least 0 and at most 1, in variant "targeted--dropRate-2"'],
    ['{ dropRate: [] }', 'x.yaml:1:97: dropRate of a grid is no list of values, expected one such as [0.33, 0.66]'],
    ['{}', 'x.yaml:1:89: a grid needs settings with lists of values, such as { dropRate: [0.33, 0.66] }'],
    ['{ dropRate: [0.3, 0.3] }', 'x.yaml:1:97: 0.3 stands twice in dropRate of a grid, expected each value once'],
    ['{ model.name: [a/b] }', 'x.yaml:1:97: "a/b" cannot be in the name of a variant, expected letters, digits, dots and dashes'],
  ])('that is wrong is refused with its place: %s', (grid, expected) => {
    expect(refusal(grid)).toBe(expected);
  }); // biome-ignore format: a table
});
