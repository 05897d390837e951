/** @file A data set that is registered while td runs: settings, messages, hashes, lists and trainings know it from then on. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { expandRuns } from '../../src/config/experiment.ts';
import { hashOf } from '../../src/config/identity.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { defineDataset } from '../../src/data/definition.ts';
import { loadDataset } from '../../src/data/load.ts';
import { fetchDataset, listDatasets, verifyDataset } from '../../src/data/manage.ts';
import { datasets } from '../../src/data/registry.ts';
import { commonSettings } from '../../src/data/settings.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import { UserError } from '../../src/errors.ts';
import { loadDatasets } from '../../src/runner/datasets.ts';
import { readSummary } from '../../src/runs/summary.ts';
import { messageOf, writeFolder } from '../config/folder.ts';
import { trainAndRecord } from '../runner/recording.ts';
import { ENVIRONMENT } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';

const FORM = { imageShape: [2, 2, 1], classes: 2, trainImages: 8, testImages: 4 } as const;

/** Images of which every pixel is bright, or none. */
const checkers = defineDataset({
  name: 'checkers',
  summary: 'made up for this test',
  settings: z.strictObject({
    name: z.literal('checkers'),
    ...commonSettings,
    brightness: z.int().min(1).max(255).default(200),
  }),
  describe: () => ({
    ...{ title: 'Checkers', licence: 'none', source: 'a formula' },
    ...{ isPublished: false, isFetched: false, isPresent: true },
    ...FORM,
  }),
  async load({ brightness }) {
    const split = (count: number) => {
      const labels = Uint8Array.from({ length: count }, (_, index) => index % 2);
      const images = Uint8Array.from({ length: 4 * count }, (_, pixel) => (pixel & 4 ? brightness : 0));
      return { count, images, labels };
    };
    const { imageShape, classes, trainImages, testImages } = FORM;
    return { name: 'checkers', imageShape, classes, train: split(trainImages), test: split(testImages) };
  },
  fetch: async () => 'package',
});

it('a data set is valid once it is registered, in settings, messages, hashes, lists and trainings', async () => {
  const read = (dataset: string) => {
    const folder = writeFolder({ 'x.yaml': `dataset: ${dataset}` });
    return messageOf(() => loadExperiment(`${folder}/x.yaml`), folder);
  };
  const resolve = (dataset: unknown) => runSettingsSchema.parse({ dataset });
  const plain = hashOf(resolve({}));
  expect(read('{ name: checkers }')).toContain('dataset.name is "checkers"');
  datasets.register(checkers);
  expect(read('{ name: chekers }')).toContain('dataset.name is "chekers" (did you mean "checkers"?)');
  expect(read('{ name: checkers, brightness: 0 }')).toContain('dataset.brightness is 0, expected');
  expect(read('{ brightness: 9 }')).toContain('unknown key "brightness" for dataset "mnist"');
  const settings = resolve({ name: 'checkers' });
  expect(settings.dataset).toMatchObject({ name: 'checkers', brightness: 200, normalization: 'scale' });
  expect(hashOf(resolve({ name: 'checkers', brightness: 200 }))).toBe(hashOf(settings));
  expect(hashOf(resolve({ name: 'checkers', brightness: 100 }))).not.toBe(hashOf(settings));
  expect(hashOf(resolve({}))).toBe(plain);
  expect(hashOf(resolve({ name: 'mnist' }))).toBe(plain);

  const listed = listDatasets().find(({ name }) => name === 'checkers');
  expect(listed).toMatchObject({ summary: 'made up for this test', source: 'a formula', ...FORM });
  expect(await fetchDataset('checkers', undefined)).toBe('package');
  await expect(verifyDataset('checkers')).rejects.toThrow(UserError);

  const folder = writeFolder({
    'x.yaml': `
dataset: { name: checkers }
model: { name: mlp, widths: [2] }
schedule: { batchSize: 4, epochs: 20 }`,
  });
  const [run] = expandRuns(loadExperiment(join(folder, 'x.yaml')));
  if (run === undefined) throw new Error('no run');
  const [dataset] = await loadDatasets([run], (settings) => loadDataset(settings));
  if (dataset === undefined) throw new Error('no data set');
  const { engine } = await chooseEngine('onnx', { threads: 1 });
  const results = temporaryFolder();
  await trainAndRecord({ resultsDirectory: results, run, dataset, engine, environment: ENVIRONMENT });
  const summary = readSummary(join(results, run.experiment, run.id));
  expect(summary).toMatchObject({ testAccuracy: 1, data: { ...FORM, imageShape: [2, 2, 1] } });

  const bright = await loadDataset(resolve({ name: 'checkers', brightness: 100, trainImages: 4 }).dataset);
  expect(bright.train.count).toBe(4);
  expect([...bright.train.images.subarray(0, 8)]).toEqual([0, 0, 0, 0, 100, 100, 100, 100]);
});
