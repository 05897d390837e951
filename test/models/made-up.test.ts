/** @file A model that is registered while td runs is known everywhere: schema, hash, help, a run, its sweep and its tables. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../src/config/identity.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { models } from '../../src/models/registry.ts';
import { describeDifferences, nearestNetwork } from '../../src/tables/paper/networks.ts';
import { describeChoices } from '../../src/terminal/choices.ts';
import { runLine } from '../fuzz/line.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { rowMeans } from './row-means.ts';

const before = hashOf(runSettingsSchema.parse({}));
models.register(rowMeans);

const parse = (model: object) => runSettingsSchema.parse({ model } as never);

function writeExperiment(): { readonly file: string; readonly results: string } {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'results'));
  const file = join(folder, 'rows.yaml');
  writeFileSync(
    file,
    'dataset: { name: mnist, trainImages: 256, testImages: 100 }\n' +
      'model: { name: row-means, units: 8 }\n' +
      'schedule: { epochs: 1, batchSize: 64 }\n' +
      'variants: { none: {}, dropout: { regularizer: { name: dropout, granularity: weight } } }\n' +
      'sweep: { prune: "0, 0.8", granularity: weight }\n',
  );
  return { file, results: join(folder, 'results') };
}

describe('a model that is registered while td runs', () => {
  it('has its settings checked, with the words and the nearest names of all others', () => {
    expect(parse({ name: 'row-means' }).model).toEqual({ name: 'row-means', units: 12 });
    const { file } = writeExperiment();
    const refusal = (set: string) => {
      try {
        loadExperiment(file, { set: [set] });
      } catch (error) {
        return (error as Error).message;
      }
      return 'nothing was refused';
    };
    expect(refusal('model.unit=3')).toContain('did you mean "units"');
    expect(refusal('model.units=0')).toContain('expected a whole number of at least 1');
    expect(refusal('model.name=row-mean')).toContain('did you mean "row-means"');
  });

  it('has hashes of its own, and leaves those of others as they were', () => {
    expect(hashOf(runSettingsSchema.parse({}))).toBe(before);
    const [usual, narrow] = [{ name: 'row-means' }, { name: 'row-means', units: 3 }].map((model) =>
      hashOf(parse(model)),
    );
    expect(hashOf(parse({ name: 'row-means', units: 12 }))).toBe(usual);
    expect(new Set([before, usual, narrow]).size).toBe(3);
  });

  it('is the example of docs/extending.md, word for word', () => {
    const read = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8');
    const source = read('row-means.ts');
    const code = source.slice(source.indexOf('/** The means')).trimEnd();
    expect(read('../../docs/extending.md')).toContain(code.replaceAll(/^(?=.)/gm, '    '));
  });

  it('stands in the help', () => {
    expect(describeChoices()).toContain('  row-means      a hidden layer on the means of the rows\n');
  });

  it('is called by its settings where published numbers of another network stand beside it', () => {
    const settings = runSettingsSchema.parse({
      dataset: { name: 'cifar10' },
      model: { name: 'row-means', units: 5 },
    } as never);
    expect(describeDifferences(settings, nearestNetwork(settings))[0]).toContain('ours is row-means of 5;');
  });

  it('is trained, pruned, tabulated and compared with the paper', async () => {
    const { file, results } = writeExperiment();
    const options = ['--results', results, '--engine', 'onnx'];
    const line = async (...words: string[]) => {
      const ended = await runLine(words);
      expect(ended.code, ended.stderr).toBe(0);
      return ended.stdout;
    };
    await line('run', file, ...options);
    await line('sweep', file, '--no-figures', ...options);
    // 28 · 8 + 8, 8 · 10 + 10: the weights that the image's 28 rows need.
    const [header = '', row = ''] = readFileSync(join(results, 'rows/sweep.csv'), 'utf8').split('\n');
    expect(row.split(',')[header.split(',').indexOf('parameters_total')]).toBe(String(232 + 90));
    expect(await line('table', 'rows', '--results', results, '--paper')).toMatch(
      /Another data set: ours is \S.* on mnist, /,
    );
    expect(await line('show', 'rows/none/0', '--results', results)).toContain('model.units');
  });
});
