/** @file Run directories: equal runs are equal bytes, cut off or not; what is done is left alone. */
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Dataset } from '../../src/data/types.ts';
import { toDeviceError } from '../../src/engines/onnx/webgpu/failures.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import type { Engine } from '../../src/engines/types.ts';
import { tryLock } from '../../src/locks/lock.ts';
import { readCheckpoint } from '../../src/runs/checkpoint.ts';
import { readMetrics } from '../../src/runs/metrics.ts';
import { readSummary } from '../../src/runs/summary.ts';
import { DivergedError } from '../../src/training/diverged.ts';
import { ENVIRONMENT } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { loadSmallMnist, runOf, type SettingsInput, smallSettings } from '../training/small-mnist.ts';
import { type Hooks, trainAndRecord } from './recording.ts';

let dataset: Dataset;
let engine: Engine;
beforeAll(async () => {
  dataset = await loadSmallMnist(640, 200);
  engine = (await chooseEngine('onnx', { threads: 1 })).engine;
});

/** Methods and optimizers with state of every kind, and schedules that depend on where training stands. */
const CASES: Readonly<Record<string, SettingsInput>> = {
  'targeted dropout of weights with momentum': {
    regularizer: { name: 'targeted', granularity: 'weight' },
    schedule: {
      optimizer: { name: 'momentum' },
      decay: { name: 'cosine' },
      gradientClip: 1,
      weightDecay: 1e-3,
    },
  },
  'variational dropout with Adam': {
    regularizer: { name: 'variational', klScale: 1, dataCount: 640, warmupSteps: 25, initialLogVariance: -6 },
    schedule: { optimizer: { name: 'adam' }, learningRate: 3e-3 },
  },
  'dropout of units with Nesterov momentum': {
    regularizer: { name: 'dropout', granularity: 'unit', dropRate: 0.25 },
    schedule: {
      optimizer: { name: 'nesterov' },
      learningRate: 0.03,
      warmup: '15it',
      decay: { name: 'steps', at: [2.5] },
    },
  },
};

/** Where a run's files lie, and the files that hold no times. */
interface Trained {
  readonly directory: string;
  readonly metrics: string;
  readonly checkpoint: Buffer;
}

interface Work {
  readonly results: string;
  readonly seed?: number;
  readonly hooks?: Hooks;
}

async function record(input: SettingsInput, { results, seed = 0, hooks }: Work): Promise<Trained> {
  const run = runOf(smallSettings(input), seed);
  await trainAndRecord({
    resultsDirectory: results,
    run,
    dataset,
    engine,
    environment: ENVIRONMENT,
    ...hooks,
  });
  const directory = directoryOf(input, results, seed);
  return {
    directory,
    metrics: readFileSync(join(directory, 'metrics.csv'), 'utf8'),
    checkpoint: readFileSync(join(directory, 'checkpoint.safetensors')),
  };
}

function directoryOf(input: SettingsInput, results: string, seed = 0): string {
  return join(results, 'test', runOf(smallSettings(input), seed).id);
}

/** Trains until the process is cut off at a moment that a hook chooses. */
async function cutOff(input: SettingsInput, results: string, hooks: Work['hooks']): Promise<void> {
  await expect(record(input, { results, hooks: hooks ?? {} })).rejects.toThrow('cut off');
}

function fail(): never {
  throw new Error('cut off');
}

describe.each(Object.entries(CASES))('a run of %s', (_name, input) => {
  it('is the same bytes with the same seed, and others with another', async () => {
    const first = await record(input, { results: temporaryFolder() });
    const second = await record(input, { results: temporaryFolder() });
    const other = await record(input, { results: temporaryFolder(), seed: 1 });
    expect(second.metrics).toBe(first.metrics);
    expect(second.checkpoint.equals(first.checkpoint)).toBe(true);
    expect(other.metrics).not.toBe(first.metrics);
    expect(other.checkpoint.equals(first.checkpoint)).toBe(false);
  });

  it('is the same bytes if it is cut off after an epoch, and again within the next', async () => {
    const whole = await record(input, { results: temporaryFolder() });
    const results = temporaryFolder();
    await cutOff(input, results, { onEpoch: fail });
    await cutOff(input, results, { onStep: ({ step }) => (step === 14 ? fail() : undefined) });
    const starts: number[] = [];
    const resumed = await record(input, { results, hooks: { onStart: ({ epoch }) => starts.push(epoch) } });
    expect(starts).toEqual([1]);
    expect(resumed.metrics).toBe(whole.metrics);
    expect(resumed.checkpoint.equals(whole.checkpoint)).toBe(true);
  });
});

describe('a run directory', () => {
  it('that was cut off between metrics and checkpoint goes on from the checkpoint', async () => {
    const whole = await record({}, { results: temporaryFolder() });
    const results = temporaryFolder();
    await cutOff({}, results, { onEpoch: fail });
    appendFileSync(join(directoryOf({}, results), 'metrics.csv'), '2,20,0.1,0.5,0.5,0.5,0.5\n');
    expect((await record({}, { results })).metrics).toBe(whole.metrics);
  });

  it('that was cut off before its first checkpoint starts over', async () => {
    const whole = await record({}, { results: temporaryFolder() });
    const results = temporaryFolder();
    await cutOff({}, results, { onStep: ({ step }) => (step === 5 ? fail() : undefined) });
    expect((await record({}, { results })).checkpoint.equals(whole.checkpoint)).toBe(true);
  });

  it('that lacks only its summary gets it without training', async () => {
    const results = temporaryFolder();
    const { directory, checkpoint } = await record({}, { results });
    rmSync(join(directory, 'summary.json'));
    const again = await record({}, { results, hooks: { onStep: fail } });
    expect(again.checkpoint.equals(checkpoint)).toBe(true);
    expect(existsSync(join(directory, 'summary.json'))).toBe(true);
  });

  it('that is done is left alone', async () => {
    const results = temporaryFolder();
    const { directory } = await record({}, { results });
    const timesOf = () =>
      ['config.yaml', 'environment.json', 'log.jsonl', 'metrics.csv', 'summary.json'].map(
        (name) => statSync(join(directory, name)).mtimeMs,
      );
    const before = timesOf();
    const run = runOf(smallSettings(), 0);
    const again = await trainAndRecord({
      resultsDirectory: results,
      run,
      dataset,
      engine,
      environment: ENVIRONMENT,
      onStart: fail,
    });
    expect(again).toMatchObject({ wasDone: true, summary: { id: run.id, epochs: 3, steps: 30 } });
    expect(timesOf()).toEqual(before);
  });

  it('holds what the training said: a row of metrics an epoch, and a summary of the last', async () => {
    const results = temporaryFolder();
    const run = runOf(smallSettings(), 0);
    const recorded = await trainAndRecord({
      resultsDirectory: results,
      run,
      dataset,
      engine,
      environment: ENVIRONMENT,
    });
    if ('owner' in recorded) throw new Error('nobody else trains it');
    const { summary } = recorded;
    const directory = directoryOf({}, results);
    const rows = readMetrics(directory);
    expect(rows.map(({ epoch, step }) => [epoch, step])).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
    expect(summary).toMatchObject({
      testAccuracy: rows[2]?.testAccuracy,
      testLoss: rows[2]?.testLoss,
      parameters: 784 * 24 + 24 + 24 * 12 + 12 + 12 * 10 + 10,
      checkpointSha256: readCheckpoint(directory)?.sha256,
    });
    expect(summary.imagesPerSecond).toBeCloseTo((30 * 64) / summary.trainSeconds, 9);
  });

  it('keeps the last good checkpoint of a training that diverges later', async () => {
    const input: SettingsInput = { schedule: { decay: { name: 'steps', at: [1.5], factor: 1e37 } } };
    const results = temporaryFolder();
    await expect(record(input, { results })).rejects.toThrow(DivergedError);
    const directory = directoryOf(input, results);
    expect(readCheckpoint(directory)).toMatchObject({ epoch: 1, step: 10 });
    expect(readMetrics(directory)).toHaveLength(1);
    expect(existsSync(join(directory, 'summary.json'))).toBe(false);
  });

  it('goes on bit for bit after its graphics card was lost in the second epoch', async () => {
    const whole = await record({}, { results: temporaryFolder() });
    const results = temporaryFolder();
    const lost = toDeviceError(new Error('WebGPU device lost (2): the device was lost'));
    const working = engine;
    let steps = 0;
    engine = {
      ...working,
      async compile(step, signature) {
        const program = await working.compile(step, signature);
        const isTraining = 'learningRate' in signature.feeds;
        const run = program.run.bind(program);
        program.run = async (feeds) => {
          if (isTraining && ++steps > 15) throw lost;
          return run(feeds);
        };
        return program;
      },
    };
    await expect(
      record({}, { results }).finally(() => {
        engine = working;
      }),
    ).rejects.toThrow(
      /^the graphics card was lost while it computed: .+; the same command goes on from the last checkpoint$/,
    );
    expect(readCheckpoint(directoryOf({}, results))).toMatchObject({ epoch: 1, step: 10 });
    const resumed = await record({}, { results });
    expect(resumed.metrics).toBe(whole.metrics);
    expect(resumed.checkpoint.equals(whole.checkpoint)).toBe(true);
  });

  it('whose last checkpoint is damaged goes on from the one before, and says so', async () => {
    const whole = await record({}, { results: temporaryFolder() });
    const results = temporaryFolder();
    await cutOff({}, results, { onEpoch: ({ epoch }) => (epoch === 2 ? fail() : undefined) });
    appendFileSync(join(directoryOf({}, results), 'checkpoint.safetensors'), 'x');
    const starts: number[] = [];
    const warnings: string[] = [];
    const resumed = await record(
      {},
      {
        results,
        hooks: {
          onStart: ({ step }) => starts.push(step),
          onWarning: (sentence) => warnings.push(sentence),
        },
      },
    );
    expect(starts).toEqual([10]);
    expect(warnings).toMatchObject([
      expect.stringContaining('checkpoint.safetensors is damaged'),
      'going on from the checkpoint before it, at step 10 (epoch 1 done)',
    ]);
    expect(resumed.metrics).toBe(whole.metrics);
    expect(resumed.checkpoint.equals(whole.checkpoint)).toBe(true);
  });

  it('that lost its metrics, and the log that tells them, too, is refused', async () => {
    const results = temporaryFolder();
    await cutOff({}, results, { onEpoch: fail });
    const path = join(directoryOf({}, results), 'metrics.csv');
    rmSync(path);
    rmSync(join(directoryOf({}, results), 'log.jsonl'));
    await expect(record({}, { results })).rejects.toThrow(
      `${path} lacks rows of the 1 epochs that are behind the run; nothing else tells what stood there, remove the folder`,
    );
  });

  it('that is removed in mid-run is not made again: the training ends with a sentence', async () => {
    const results = temporaryFolder();
    const directory = directoryOf({}, results);
    const removed = record({}, { results, hooks: { onEpoch: () => rmSync(directory, { recursive: true }) } });
    await expect(removed).rejects.toThrow(`${directory} or the lock in it was removed`);
    expect(existsSync(directory)).toBe(false);
  });

  it('that is removed between a look at its lock and a write is told in the same way', async () => {
    const results = temporaryFolder();
    const directory = directoryOf({}, results);
    const working = engine;
    engine = {
      ...working,
      async compile(step, signature) {
        const program = await working.compile(step, signature);
        program.run = async () => {
          rmSync(directory, { recursive: true });
          throw Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT' });
        };
        return program;
      },
    };
    const removed = record({}, { results }).finally(() => {
      engine = working;
    });
    await expect(removed).rejects.toThrow(`${directory} or the lock in it was removed`);
  });

  it('is the same bytes though the time of day is set back and ahead by hours in mid-run', async () => {
    const whole = await record({}, { results: temporaryFolder() });
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const results = temporaryFolder();
    const jumps = [-5, 9, -20];
    const jump = () => vi.setSystemTime(Date.now() + (jumps.pop() ?? 0) * 3_600_000);
    const jumped = await record({}, { results, hooks: { onEpoch: jump } });
    expect(jumps).toEqual([]);
    expect(jumped.metrics).toBe(whole.metrics);
    expect(jumped.checkpoint.equals(whole.checkpoint)).toBe(true);
    const { trainSeconds } = readSummary(jumped.directory) ?? {};
    expect(trainSeconds).toBeGreaterThan(0);
    expect(trainSeconds).toBeLessThan(600);
  });

  it('that went on with another number of threads says that its numbers may differ', async () => {
    const results = temporaryFolder();
    await cutOff({}, results, { onEpoch: fail });
    const path = join(directoryOf({}, results), 'environment.json');
    writeFileSync(path, JSON.stringify({ ...ENVIRONMENT, threads: 8, cpu: 'other' }));
    const warnings: string[] = [];
    await record({}, { results, hooks: { onWarning: (sentence) => warnings.push(sentence) } });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^going on with threads unset in place of 8, processor unknown in place of other: the numbers/,
      ),
    ]);
  });

  it('that another process trains is left alone', async () => {
    const results = temporaryFolder();
    const directory = directoryOf({}, results);
    const lock = tryLock(join(directory, 'lock.json'));
    const run = runOf(smallSettings(), 0);
    const work = { resultsDirectory: results, run, dataset, engine, environment: ENVIRONMENT, onStart: fail };
    expect(await trainAndRecord(work)).toEqual({
      owner: expect.stringContaining(`process ${process.pid} on `),
    });
    expect(readdirSync(directory)).toEqual(['lock.json']);
    if ('release' in lock) lock.release();
    await expect(trainAndRecord(work)).rejects.toThrow('cut off');
  });
});
