/** @file Where dataset.path leads, whoever says it. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadExperiment } from '../../src/config/load.ts';
import { writeFolder } from './folder.ts';

function pathsOf(folder: string, file = 'x.yaml', set: readonly string[] = []) {
  const { variants } = loadExperiment(join(folder, file), { set });
  return variants.map(({ settings }) => settings.dataset.path);
}

describe('dataset.path', () => {
  it.each(['data', './data', 'data/', 'deep/../data'])('is relative to the file that says it: %s', (path) => {
    const folder = writeFolder({ 'x.yaml': `dataset: { path: ${path} }` });
    expect(pathsOf(folder)).toEqual([join(resolve(folder), 'data')]);
  });

  it('of an extended file is relative to that file, of a variant to its own', () => {
    const folder = writeFolder({
      'base/b.yaml': 'dataset: { path: data }',
      'x.yaml': 'extends: base/b.yaml\nvariants: { a: {}, b: { dataset: { path: other } } }',
    });
    expect(pathsOf(folder)).toEqual([join(resolve(folder), 'base/data'), join(resolve(folder), 'other')]);
  });

  it('on the command line is relative to the working folder', () => {
    const folder = writeFolder({ 'x.yaml': 'variants: { a: {}, b: {} }' });
    expect(pathsOf(folder, 'x.yaml', ['dataset.path=data', 'variants.b.dataset.path=b'])).toEqual([
      resolve('data'),
      resolve('data'),
    ]);
    expect(pathsOf(folder, 'x.yaml', ['variants.b.dataset.path=b'])).toEqual([undefined, resolve('b')]);
    expect(pathsOf(folder, 'x.yaml', ['dataset={ path: data }'])[0]).toBe(resolve('data'));
  });

  it('begins with the folder of the user where it begins with ~', () => {
    const folder = writeFolder({ 'x.yaml': 'variants: { a: { dataset: { path: ~/data } } }' });
    expect(pathsOf(folder)).toEqual([join(homedir(), 'data')]);
    expect(pathsOf(folder, 'x.yaml', ['dataset.path="~"'])).toEqual([homedir()]);
  });

  it('that begins with the folder of another user is refused with what to write', () => {
    const folder = writeFolder({ 'x.yaml': 'dataset:\n  path: ~ada/data' });
    expect(() => pathsOf(folder)).toThrow(
      /x\.yaml:2:9: dataset\.path is "~ada\/data", which begins with the folder of another user; expected "~\/…" for your own, a full path, or "\.\/~ada\/data"$/,
    );
  });

  it.each(['dataset: { path: "" }', 'dataset: { path: [a] }', 'dataset: [1]', 'variants: [1]'])(
    'that is none is refused by the schema: %s',
    (yaml) => {
      expect(() => pathsOf(writeFolder({ 'x.yaml': yaml }))).toThrow(/^.*x\.yaml:1:\d+: .*expected/);
    },
  );

  it('is left as it is written where that is asked for', () => {
    const folder = writeFolder({ 'x.yaml': 'dataset: { path: ./data }' });
    const { variants } = loadExperiment(join(folder, 'x.yaml'), { dataPaths: 'as written' });
    expect(variants[0]?.settings.dataset.path).toBe('./data');
  });
});
