/** @file The commands on a graphics card, here a software adapter: the same numbers up to rounding, and one sentence without one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnWebGpu } from '../support/webgpu.ts';
import { type Ended, execute, listFiles, makeFolder, TD, td } from './td.ts';

const CARD = `
name: card
seeds: [0]
dataset: { name: mnist, trainImages: 256, testImages: 100 }
model: { name: mlp, widths: [8, 6] }
schedule: { batchSize: 32, epochs: 2, learningRate: 0.1 }
variants:
  targeted-weight:
    regularizer: { name: targeted, granularity: weight }
  variational:
    regularizer: { name: variational, warmupSteps: 8 }
`;

/** Of sweep.csv. */
const LOSS_COLUMN = 9;

const place = makeFolder({ 'card.yaml': CARD });
afterAll(() => place.remove());

describeOnWebGpu('an experiment on WebGPU', () => {
  let trained: Ended;
  let swept: Ended;
  beforeAll(async () => {
    const onCard = ['--engine', 'onnx', '--device', 'webgpu', '--results', 'card'];
    trained = await td(place.folder, 'run', 'card.yaml', '--tensorboard', ...onCard);
    swept = await td(place.folder, 'sweep', 'card.yaml', '--prune', '0,0.5', '--no-figures', ...onCard);
    await td(place.folder, 'run', 'card.yaml', '--engine', 'onnx', '--results', 'processor');
    await td(
      place.folder,
      'sweep',
      'card.yaml',
      '--prune',
      '0,0.5',
      '--no-figures',
      '--results',
      'processor',
    );
  });

  const rowsOf = (results: string): string[] =>
    readFileSync(join(place.folder, results, 'card/sweep.csv'), 'utf8')
      .trim()
      .split('\n')
      .slice(1);

  it('trains, sweeps and says on what', () => {
    expect([trained.code, swept.code]).toEqual([0, 0]);
    expect(trained.stderr).toMatch(/^engine onnx on WebGPU \(.+\) \(asked for\)$/m);
    const [folder] = /card\/card\/targeted-weight\/seed-0-\w+/.exec(trained.stdout) ?? [''];
    const environment = JSON.parse(readFileSync(join(place.folder, folder, 'environment.json'), 'utf8'));
    expect(environment).toMatchObject({ engine: 'onnx', device: expect.stringMatching(/^WebGPU \(/) });
  });

  it('goes where the processor goes, epoch by epoch, up to rounding', () => {
    const metrics = (results: string) =>
      listFiles(join(place.folder, results))
        .filter((path) => path.endsWith('metrics.csv'))
        .map((path) => readFileSync(join(place.folder, results, path), 'utf8'));
    const [card, processor] = [metrics('card'), metrics('processor')];
    expect(card).toHaveLength(2);
    card.forEach((text, run) => {
      const [mine, theirs] = [text, processor[run] ?? ''].map((csv) => csv.split(/[,\n]/).map(Number));
      mine?.forEach((number, index) => {
        if (Number.isFinite(number)) expect(number).toBeCloseTo(theirs?.[index] ?? Number.NaN, 3);
      });
      expect(mine?.filter(Number.isFinite).length).toBeGreaterThan(10);
    });
  });

  it('ends where the processor does, up to rounding', () => {
    const [card, processor] = [rowsOf('card'), rowsOf('processor')];
    // Of two variants, at two granularities and three rates: 0, 0.5 and the targeting rate.
    expect(card).toHaveLength(12);
    const losses = (rows: readonly string[]) => rows.map((row) => Number(row.split(',')[LOSS_COLUMN]));
    losses(card).forEach((loss, index) => {
      expect(loss).toBeCloseTo(losses(processor)[index] ?? Number.NaN, 3);
    });
  });
});

describe.skipIf(process.platform !== 'linux')('a command on WebGPU without an adapter', () => {
  it.each([['a driver that is not there', { VK_DRIVER_FILES: '/nowhere/icd.json' }]])(
    'exits with 2 and one sentence: %s',
    async (_, environment) => {
      const ended = await execute(
        process.execPath,
        [TD, 'bench', 'card.yaml', '--device', 'webgpu'],
        place.folder,
        environment,
      );
      expect(ended.code).toBe(2);
      expect(ended.stderr).toMatch(
        /^td: there is no WebGPU adapter here \(.+\); --device cpu computes on the processor$/m,
      );
    },
  );

  it('exits with 2 for an engine that has no such device', async () => {
    const ended = await td(place.folder, 'bench', 'card.yaml', '--engine', 'reference', '--device', 'webgpu');
    expect(ended.code).toBe(2);
    expect(ended.stderr).toBe(
      'td: the engine "reference" has no device "webgpu" (expected one of: auto, cpu)\n',
    );
  });
});
