/** @file Experiment files and what they extend. */
import { describe, expect, it } from 'vitest';
import { loadExperiment } from '../../src/config/load.ts';
import { messageOf, writeFolder } from './folder.ts';

const load = (folder: string, file = 'x.yaml') => loadExperiment(`${folder}/${file}`);
const refusal = (folder: string, file = 'x.yaml') => messageOf(() => load(folder, file), folder);

describe('extends', () => {
  it('merges maps, replaces lists, and follows a chain across folders', () => {
    const folder = writeFolder({
      'x.yaml': 'extends: bases/middle.yaml\nmodel: { widths: [5] }\n',
      'bases/middle.yaml': 'extends: ../root.yaml\nschedule: { epochs: 7 }\nseeds: [3]\n',
      'root.yaml':
        'model: { name: mlp, widths: [30, 20, 10] }\nschedule: { epochs: 1, batchSize: 16 }\nseeds: [1, 2]\n',
    });
    const { seeds, variants } = load(folder);
    expect(seeds).toEqual([3]);
    expect(variants[0]?.settings.model).toMatchObject({ name: 'mlp', widths: [5] });
    expect(variants[0]?.settings.schedule).toMatchObject({ epochs: 7, batchSize: 16 });
  });

  it('inherits variants and adds to them, in the order in which they were first named', () => {
    const folder = writeFolder({
      'x.yaml':
        'extends: base.yaml\nvariants: { third: { regularizer: { name: l1 } }, first: { schedule: { epochs: 2 } } }\n',
      'base.yaml':
        'variants: { first: { regularizer: { name: l1, coefficient: 3 } }, second: { schedule: { epochs: 4 } } }\n',
    });
    const { variants } = load(folder);
    expect(variants.map(({ name }) => name)).toEqual(['first', 'second', 'third']);
    expect(variants[0]?.settings.regularizer).toMatchObject({ name: 'l1', coefficient: 3 });
    expect(variants[0]?.settings.schedule.epochs).toBe(2);
  });

  it('does not inherit the name, since two experiments of one name would share a folder', () => {
    const folder = writeFolder({ 'x.yaml': 'extends: base.yaml', 'base.yaml': 'name: original' });
    expect(load(folder).name).toBe('x');
    expect(load(folder, 'base.yaml').name).toBe('original');
  });

  it('points into the file where the mistake stands', () => {
    const folder = writeFolder({
      'x.yaml': '# child\nextends: base.yaml\nschedule:\n  batchSize: 3\n',
      'base.yaml': 'schedule:\n  epochs: 3\n  learningRate:   fast\n',
    });
    expect(refusal(folder)).toBe(
      'base.yaml:3:19: schedule.learningRate is "fast", expected a number above 0',
    );
  });

  it('lets a file mend what it extends', () => {
    const folder = writeFolder({
      'x.yaml': 'extends: base.yaml\nschedule: { learningRate: 0.5 }',
      'base.yaml': 'schedule: { learningRate: fast }',
    });
    expect(load(folder).variants[0]?.settings.schedule.learningRate).toBe(0.5);
  });

  it('refuses a chain of many files before it follows it to its end', () => {
    const files = Array.from({ length: 25 }, (_, index) => [`${index}.yaml`, `extends: ${index + 1}.yaml`]);
    expect(refusal(writeFolder(Object.fromEntries(files)), '0.yaml')).toBe(
      '19.yaml:1:10: more than 20 files extend one another, expected fewer',
    );
  });

  it('refuses a chain that leads back, at the key that closes it', () => {
    const folder = writeFolder({
      'x.yaml': 'extends: y.yaml',
      'y.yaml': '# y\nextends:  ./x.yaml',
      'z.yaml': 'extends: z.yaml',
    });
    expect(refusal(folder)).toBe('y.yaml:2:11: extends leads back to x.yaml, expected a chain that ends');
    expect(refusal(folder, 'z.yaml')).toBe(
      'z.yaml:1:10: extends leads back to z.yaml, expected a chain that ends',
    );
  });

  it('refuses a missing file with the nearest name, at the key that asks for it', () => {
    const folder = writeFolder({
      'x.yaml': 'seeds: [1]\nextends: mnist-mpl.yaml',
      'mnist-mlp.yaml': 'seeds: [1]',
    });
    expect(refusal(folder)).toBe(
      'x.yaml:2:10: mnist-mpl.yaml does not exist (did you mean "mnist-mlp.yaml"?)',
    );
  });

  it.each(['5', '', '[a.yaml]', '""'])('refuses %j as a path', (path) => {
    const folder = writeFolder({ 'x.yaml': `extends: ${path}` });
    expect(refusal(folder)).toMatch(
      /^x\.yaml:1:\d+: extends is no path, expected the path of another experiment file$/,
    );
  });
});

describe('a file that cannot be read', () => {
  it('is refused with the nearest YAML file of its folder', () => {
    const folder = writeFolder({
      'mnist-lenet.yaml': 'seeds: [1]',
      'mnist-lenet.txt': '',
      'other/a.txt': '',
    });
    expect(refusal(folder, 'mnist-lent.yaml')).toBe(
      'mnist-lent.yaml does not exist (did you mean "mnist-lenet.yaml"?)',
    );
    expect(refusal(folder, 'other/a.yaml')).toBe(
      'other/a.yaml does not exist, nor is there a YAML file in other',
    );
    expect(refusal(folder, 'none/a.yaml')).toBe('none/a.yaml does not exist, nor does the folder none');
    expect(refusal(folder, 'other')).toBe('other is not a file, expected an experiment file');
    expect(refusal(folder, 'mnist-lenet.yaml/a')).toContain('mnist-lenet.yaml/a');
  });

  it('may hold anchors under outermost keys that begin with x-, which settings of it and of others never see', () => {
    const folder = writeFolder({
      'x.yaml': 'extends: base.yaml\nx-own: { unknown: [1] }\n',
      'base.yaml':
        'x-slow: &slow { learningRate: 0.01, batchSize: 32 }\nschedule: { <<: *slow, epochs: 2 }\nvariants:\n  a:\n  b: { schedule: { <<: *slow, batchSize: 8 } }\n',
    });
    const schedules = load(folder).variants.map(({ settings }) => settings.schedule);
    expect(schedules).toMatchObject([
      { learningRate: 0.01, batchSize: 32, epochs: 2 },
      { learningRate: 0.01, batchSize: 8, epochs: 2 },
    ]);
    const nested = writeFolder({ 'x.yaml': 'schedule: { x-own: 1 }' });
    expect(refusal(nested)).toContain('x.yaml:1:13: unknown key "x-own" in schedule');
  });

  it('is refused when it is empty, no map, too large, or not UTF-8', () => {
    const folder = writeFolder({
      'x.yaml': '# nothing\n',
      'list.yaml': '- 1\n',
      'large.yaml': `# ${'x'.repeat(2 ** 20)}`,
      'latin.yaml': new Uint8Array([0x61, 0x3a, 0xe9]),
    });
    expect(refusal(folder)).toMatch(/^x\.yaml:\d:1: the file is empty, expected settings such as/);
    expect(refusal(folder, 'list.yaml')).toMatch(
      /^list\.yaml:1:1: the file holds no keys, expected settings/,
    );
    expect(refusal(folder, 'large.yaml')).toBe(
      'large.yaml has 1048578 bytes, expected an experiment file of at most 1048576 bytes',
    );
    expect(refusal(folder, 'latin.yaml')).toBe('latin.yaml is not text in UTF-8');
  });
});
