/** @file Damaged files of a run: made anew from the rest where that tells what stood there, else refused with what to remove. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { hashOf } from '../../src/config/identity.ts';
import type { Dataset } from '../../src/data/types.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import type { Engine } from '../../src/engines/types.ts';
import { readSummary } from '../../src/runs/summary.ts';
import { ENVIRONMENT } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { loadSmallMnist, runOf, smallSettings } from '../training/small-mnist.ts';
import { trainAndRecord } from './recording.ts';

const SETTINGS = smallSettings({ dataset: { trainImages: 640, testImages: 200 } });

let dataset: Dataset;
let engine: Engine;
beforeAll(async () => {
  dataset = await loadSmallMnist(640, 200);
  engine = (await chooseEngine('onnx', { threads: 1 })).engine;
});

interface Work {
  readonly seed?: number;
  readonly images?: Dataset;
  onStep?(): void;
  onEpoch?(report: { epoch: number }): void;
}

/** Trains a run, or finds it trained. */
async function record(results: string, { seed = 0, images = dataset, onStep, onEpoch }: Work = {}) {
  const run = runOf(SETTINGS, seed);
  const warnings: string[] = [];
  const recorded = await trainAndRecord({
    resultsDirectory: results,
    run,
    dataset: images,
    engine,
    environment: ENVIRONMENT,
    onWarning: (sentence) => warnings.push(sentence),
    ...(onStep && { onStep }),
    ...(onEpoch && { onEpoch }),
  });
  if ('owner' in recorded) throw new Error('nobody else trains it');
  const { wasDone } = recorded;
  return { directory: join(results, 'test', run.id), warnings, wasDone };
}

const read = (directory: string, name: string) => readFileSync(join(directory, name));

/** No step may be taken. */
function fail(): never {
  throw new Error('cut off');
}

/** A run with one of its three epochs behind it. */
async function cutOff(results: string, seed = 0): Promise<string> {
  await expect(record(results, { seed, onEpoch: fail })).rejects.toThrow('cut off');
  return join(results, 'test', runOf(SETTINGS, seed).id);
}

const DAMAGES: Readonly<Record<string, (good: string) => string>> = {
  'half of it': (good) => good.slice(0, good.length / 2),
  nothing: () => '',
  'zeros in its place': (good) => '\0'.repeat(good.length),
};

describe('a finished run with a damaged file', () => {
  describe.each(['summary.json', 'metrics.csv', 'config.yaml', 'environment.json'])('%s', (name) => {
    it.each(Object.entries(DAMAGES))(
      '(%s) gets it anew without training, and the damaged one is kept',
      async (_, damage) => {
        const results = temporaryFolder();
        const { directory } = await record(results);
        const good = read(directory, name);
        const damaged = damage(good.toString('utf8'));
        writeFileSync(join(directory, name), damaged);
        const { warnings } = await record(results, { onStep: fail });
        expect(warnings).toEqual([
          expect.stringMatching(
            new RegExp(`${name.replace('.', '\\.')}.*; set aside as \\*\\.damaged, and made anew$`),
          ),
        ]);
        expect(read(directory, `${name}.damaged`).toString('utf8')).toBe(damaged);
        if (['metrics.csv', 'config.yaml'].includes(name)) expect(read(directory, name)).toEqual(good);
        else expect(JSON.parse(read(directory, name).toString('utf8'))).toMatchObject({ engine: 'onnx' });
        expect(await record(results, { onStep: fail })).toMatchObject({ wasDone: true, warnings: [] });
      },
    );
  });

  it.each(['metrics.csv', 'config.yaml', 'environment.json'])(
    'gets %s anew where it is gone, and nothing is said to be set aside',
    async (name) => {
      const results = temporaryFolder();
      const { directory } = await record(results);
      rmSync(join(directory, name));
      const { warnings } = await record(results, { onStep: fail });
      expect(warnings).toEqual([expect.stringMatching(/(is missing|lacks rows of .*); made anew$/)]);
      expect(readdirSync(directory).filter((file) => file.endsWith('.damaged'))).toEqual([]);
      expect(await record(results, { onStep: fail })).toMatchObject({ wasDone: true, warnings: [] });
    },
  );

  it('gets its environment and summary anew where both are damaged', async () => {
    const results = temporaryFolder();
    const { directory } = await record(results);
    for (const name of ['environment.json', 'summary.json']) writeFileSync(join(directory, name), '{}');
    const { warnings } = await record(results, { onStep: fail });
    expect(warnings).toEqual([
      expect.stringMatching(/environment\.json lacks "engine", .*; set aside as \*\.damaged, and made anew$/),
      expect.stringMatching(/summary\.json lacks "experiment", .*; set aside as \*\.damaged, and made anew$/),
    ]);
    expect(JSON.parse(read(directory, 'environment.json').toString('utf8'))).toMatchObject(ENVIRONMENT);
  });

  it('has the same summary again, but for times', async () => {
    const results = temporaryFolder();
    const { directory } = await record(results);
    const before = readSummary(directory);
    writeFileSync(join(directory, 'summary.json'), '{');
    await record(results, { onStep: fail });
    const times = { trainSeconds: 0, imagesPerSecond: 0, finishedAt: '' };
    expect({ ...readSummary(directory), ...times }).toEqual({ ...before, ...times });
    expect(before?.data).toMatchObject({ testImages: 200, fingerprint: dataset.fingerprint });
  });

  it('has rows of metrics in their order again', async () => {
    const results = temporaryFolder();
    const { directory } = await record(results);
    const good = read(directory, 'metrics.csv').toString('utf8');
    writeFileSync(join(directory, 'metrics.csv'), good.replace(/(1,.*\n)(2,.*\n)/, '$2$1'));
    await record(results, { onStep: fail });
    expect(read(directory, 'metrics.csv').toString('utf8')).toBe(good);
  });

  it('is not trained again where nothing tells what stood there: the sentence says what to remove', async () => {
    const results = temporaryFolder();
    const { directory } = await record(results);
    const files = ['metrics.csv', 'summary.json'];
    const good = files.map((name) => read(directory, name));
    const refused = async (sentence: RegExp) => {
      await expect(record(results, { onStep: fail })).rejects.toThrow(sentence);
      for (const [index, name] of files.entries()) writeFileSync(join(directory, name), good[index] ?? '');
    };
    writeFileSync(join(directory, 'metrics.csv'), 'epoch');
    const log = read(directory, 'log.jsonl');
    rmSync(join(directory, 'log.jsonl'));
    await refused(
      /metrics\.csv:1: expected the columns .*; nothing else tells what stood there, remove the folder to train this run again$/,
    );
    writeFileSync(join(directory, 'log.jsonl'), log);
    writeFileSync(join(directory, 'summary.json'), '{');
    rmSync(join(directory, 'checkpoint.safetensors'));
    await refused(
      /summary\.json is not valid JSON.*; nothing else tells what stood there, remove the folder/,
    );
  });

  it('is refused where metrics and summary contradict each other, since either may be right', async () => {
    const results = temporaryFolder();
    const { directory } = await record(results);
    const text = read(directory, 'summary.json').toString('utf8');
    writeFileSync(
      join(directory, 'summary.json'),
      text.replace(/"testAccuracy": [\d.]+/, '"testAccuracy": 0.5'),
    );
    await expect(record(results)).rejects.toThrow(
      /one of them was changed; bring the right one back, or remove/,
    );
    expect(existsSync(join(directory, 'summary.json.damaged'))).toBe(false);
  });
});

describe('an unfinished run with a damaged file', () => {
  it.each(['metrics.csv', 'config.yaml', 'environment.json'])(
    'goes on, and ends with the same bytes: %s',
    async (name) => {
      const whole = await record(temporaryFolder());
      const results = temporaryFolder();
      const directory = await cutOff(results);
      writeFileSync(join(directory, name), read(directory, name).subarray(0, 20));
      const { warnings } = await record(results);
      expect(warnings[0]).toContain(name);
      for (const file of ['metrics.csv', 'checkpoint.safetensors', 'config.yaml'])
        expect(read(directory, file).equals(read(whole.directory, file)), file).toBe(true);
    },
  );
});

describe('a checkpoint of another run', () => {
  it.each(['checkpoint.json', 'config.yaml'])('is not gone on from, as its %s says', async (witness) => {
    const results = temporaryFolder();
    const [from, to] = [await cutOff(results), join(results, 'test', runOf(SETTINGS, 1).id)];
    cpSync(from, to, { recursive: true });
    if (witness === 'config.yaml') {
      // Earlier versions did not say in it whose it is.
      const path = join(to, 'checkpoint.json');
      const { run: _, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
      writeFileSync(path, JSON.stringify(rest));
    }
    const before = read(to, 'checkpoint.safetensors');
    await expect(record(results, { seed: 1 })).rejects.toThrow(
      new RegExp(
        `holds the run test/none/seed-0-[0-9a-f]{8}, as its ${witness} says: it was copied or renamed`,
      ),
    );
    expect(read(to, 'checkpoint.safetensors').equals(before)).toBe(true);
    // The run that it belongs to goes on.
    await record(results);
  });

  it('is gone on from if an earlier version made it, which did not say whose it is', async () => {
    const whole = await record(temporaryFolder());
    const results = temporaryFolder();
    const directory = await cutOff(results);
    const path = join(directory, 'checkpoint.json');
    const { run: _, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify(rest));
    await record(results);
    expect(
      read(directory, 'checkpoint.safetensors').equals(read(whole.directory, 'checkpoint.safetensors')),
    ).toBe(true);
  });

  it('names the run, and the images that it was trained on', async () => {
    const directory = await cutOff(temporaryFolder());
    const { run } = JSON.parse(readFileSync(join(directory, 'checkpoint.json'), 'utf8')) as { run: unknown };
    const names = { experiment: 'test', variant: 'none', seed: 0, hash: hashOf(SETTINGS) };
    expect(run).toEqual({ ...names, dataFingerprint: dataset.fingerprint });
    expect(JSON.parse(readFileSync(join(directory, 'environment.json'), 'utf8'))).toMatchObject({
      dataFingerprint: dataset.fingerprint,
    });
  });

  it('is not gone on from with other images', async () => {
    const results = temporaryFolder();
    await cutOff(results);
    const images = { ...dataset, fingerprint: 'ab'.repeat(32) };
    await expect(record(results, { images })).rejects.toThrow(
      /^the images in mnist are others \(fingerprint abababababab\) than those that test\/none\/seed-0-[0-9a-f]{8} was begun on \([0-9a-f]{12}\)/,
    );
  });
});
