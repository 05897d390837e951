/** @file Runs that go on from the pruned network of another, against independent computations. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NamedArrays } from '../../src/arrays.ts';
import type { RunSpec } from '../../src/config/experiment.ts';
import { hashOf } from '../../src/config/identity.ts';
import { withoutPassedOver } from '../../src/config/parents.ts';
import { linkParents } from '../../src/config/variants.ts';
import type { Dataset } from '../../src/data/types.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import type { Engine } from '../../src/engines/types.ts';
import { tryLock } from '../../src/locks/lock.ts';
import { estimateRuns } from '../../src/runner/estimates.ts';
import type { RunEvent, Task } from '../../src/runner/events.ts';
import { startFromParent } from '../../src/runner/parent.ts';
import { recordRun } from '../../src/runner/record.ts';
import type { RecordOptions } from '../../src/runner/record-options.ts';
import { planRun } from '../../src/runner/standing.ts';
import { trainRuns } from '../../src/runner/train-runs.ts';
import { readCheckpoint } from '../../src/runs/checkpoint.ts';
import { collectEnvironment } from '../../src/runs/environment.ts';
import { findRuns } from '../../src/runs/find.ts';
import { readMetrics } from '../../src/runs/metrics.ts';
import { readSummary } from '../../src/runs/summary.ts';
import { repeatSteps } from '../../src/training/repeat.ts';
import { prepareTraining } from '../../src/training/setup.ts';
import { train } from '../../src/training/train.ts';
import { ENVIRONMENT } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { readAll } from '../support/streams.ts';
import { loadSmallMnist, runOf, type SettingsInput, smallSettings } from '../training/small-mnist.ts';

const SCHEDULE = {
  epochs: 4,
  learningRate: 0.2,
  decay: { name: 'cosine' },
  warmup: '3it',
  weightDecay: 1e-3,
  optimizer: { name: 'momentum' },
} as const;
const STEPS_PER_EPOCH = 5;

let dataset: Dataset;
let engine: Engine;
let results: string;
let parent: RunSpec;
beforeAll(async () => {
  dataset = await loadSmallMnist(320, 100);
  engine = (await chooseEngine('onnx', { threads: 1 })).engine;
  results = mkdtempSync(join(tmpdir(), 'td-parents-'));
  parent = runOf(settingsOf({}), 3);
  await record(parent);
});
afterAll(() => rmSync(results, { recursive: true }));

const settingsOf = (input: SettingsInput) =>
  smallSettings({
    dataset: { augmentation: 'crop-flip', trainImages: 320, testImages: 100 },
    ...input,
    schedule: { ...SCHEDULE, ...input.schedule },
  });

/** A run as an experiment file with both variants would describe it. */
function childOf(of: RunSpec, regularizer: object, input: SettingsInput = {}): RunSpec {
  const method = { ...regularizer, from: of.variant, parent: of.hash } as SettingsInput['regularizer'];
  const schedule = { ...of.settings.schedule, ...input.schedule } as SettingsInput['schedule'];
  const settings = withoutPassedOver(settingsOf({ ...input, regularizer: method, schedule }));
  return { ...runOf(settings, of.seed), parent: of };
}

const fineTuneOf = (of: RunSpec, more: object = {}, schedule: SettingsInput['schedule'] = { epochs: 2 }) =>
  childOf(of, { name: 'fine-tune', granularity: 'weight', learningRate: 0.01, ...more }, { schedule });
const rewindOf = (of: RunSpec, more: object = {}) =>
  childOf(of, { name: 'rewind', granularity: 'weight', what: 'weights', to: '7it', ...more });

async function record(run: RunSpec, options: Partial<RecordOptions> = {}): Promise<RunEvent[]> {
  return readAll(
    recordRun({ resultsDirectory: results, run, dataset, engine, environment: ENVIRONMENT, ...options }),
  );
}

const directoryOf = (run: RunSpec, folder = results) => join(folder, 'test', run.id);
const bytesOf = (run: RunSpec) => readFileSync(join(directoryOf(run), 'checkpoint.safetensors'), 'latin1');
const stateOf = (run: RunSpec): NamedArrays => readCheckpoint(directoryOf(run))?.arrays ?? {};
const KERNELS = ['dense1/kernel', 'dense2/kernel'];

/** What the child begins with. */
async function startOf(run: RunSpec): Promise<NamedArrays> {
  const training = await prepareTraining(run, dataset);
  const stream = startFromParent(training, {
    run,
    dataset,
    engine,
    environment: ENVIRONMENT,
    resultsDirectory: results,
  });
  for (;;) {
    const { done, value } = await stream.next();
    if (done) return value?.snapshot.state ?? {};
  }
}

/** Places of the entries below the one at index floor(rate · rows) of each column sorted by magnitude. */
function lowestOfColumns(kernel: NamedArrays[string], columns: number, rate: number): Set<number> {
  const removed = new Set<number>();
  for (let column = 0; column < columns; column++) {
    const places = Array.from({ length: kernel.length / columns }, (_, row) => row * columns + column);
    const ranked = places.toSorted((a, b) => Math.abs(kernel[a] as number) - Math.abs(kernel[b] as number));
    for (const place of ranked.slice(0, Math.floor(rate * places.length))) removed.add(place);
  }
  return removed;
}

/** Thousands of numbers are quick to compare as one text. */
const bytesIn = (array: NamedArrays[string] | undefined) =>
  Buffer.from(new Uint8Array(array?.slice().buffer ?? new ArrayBuffer(0))).toString('latin1');
const listOf = (places: Iterable<number>) => [...places].toSorted((a, b) => a - b).join();

const zerosOf = (array: NamedArrays[string] | undefined) =>
  new Set([...(array ?? [])].flatMap((value, index) => (value === 0 ? [index] : [])));

describe('the mask', () => {
  it('is what the sweep removes of weights: the lowest of each column, by hand', async () => {
    const state = stateOf(parent);
    const start = await startOf(fineTuneOf(parent, { pruneRate: 0.9 }));
    for (const [name, columns] of [
      ['dense1/kernel', 24],
      ['dense2/kernel', 12],
    ] as const) {
      const kernel = state[name] as Float32Array;
      const removed = lowestOfColumns(kernel, columns, 0.9);
      expect(listOf(zerosOf(start[`${name}/mask`]))).toBe(listOf(removed));
      const expected = kernel.map((value, index) => (removed.has(index) ? 0 : value));
      expect(bytesIn(start[name])).toBe(bytesIn(expected));
    }
    // Logits and biases are never pruned.
    for (const name of ['logits/kernel', 'dense1/bias']) expect(start[name]).toEqual(state[name]);
  });

  it('is what the sweep removes of units: whole columns of lowest norm, by hand', async () => {
    const kernel = stateOf(parent)['dense1/kernel'] as Float32Array;
    const norms = Array.from({ length: 24 }, (_, column) =>
      kernel.reduce((sum, value, index) => (index % 24 === column ? sum + value ** 2 : sum), 0),
    );
    const lowest = norms
      .map((_, column) => column)
      .toSorted((a, b) => (norms[a] as number) - (norms[b] as number))
      .slice(0, 12);
    const start = await startOf(fineTuneOf(parent, { granularity: 'unit', pruneRate: 0.5 }));
    const masked = [...zerosOf(start['dense1/kernel/mask'])];
    expect(masked).toHaveLength((12 * kernel.length) / 24);
    expect(new Set(masked.map((index) => index % 24))).toEqual(new Set(lowest));
  });

  it('is never left: what it removes is exactly zero after training, and the rest has moved', async () => {
    for (const run of [fineTuneOf(parent, { pruneRate: 0.8 }), rewindOf(parent, { pruneRate: 0.8 })]) {
      const start = await startOf(run);
      await record(run);
      const state = stateOf(run);
      for (const name of KERNELS) {
        expect(bytesIn(state[`${name}/mask`])).toBe(bytesIn(start[`${name}/mask`]));
        const removed = zerosOf(start[`${name}/mask`]);
        const before = start[name] as Float32Array;
        const after = [...(state[name] as Float32Array)].map((value, index) =>
          value === 0 ? 'zero' : value === before[index] ? 'as it was' : 'moved',
        );
        expect(after).toEqual(after.map((_, index) => (removed.has(index) ? 'zero' : 'moved')));
      }
      expect(findRuns(results, ['test']).leftOut).toEqual([]);
    }
  });

  it('of a run that goes on from a pruned one holds what that one had removed', async () => {
    const half = fineTuneOf(parent, { pruneRate: 0.5 });
    await record(half);
    const quarter = await startOf(fineTuneOf(half, { pruneRate: 0.75 }));
    for (const name of KERNELS) {
      const [first, second] = [stateOf(half)[`${name}/mask`], quarter[`${name}/mask`]].map(zerosOf);
      expect([...(first ?? [])].every((place) => second?.has(place))).toBe(true);
      expect(second?.size).toBeGreaterThan(first?.size ?? 0);
    }
  });
});

describe('weight rewinding', () => {
  it('begins with the weights of a training that was stopped at that step, to the last bit', async () => {
    const training = await prepareTraining({ settings: parent.settings, seed: 3 }, dataset);
    const controller = new AbortController();
    let stopped: NamedArrays = {};
    const stream = train(training, { engine, signal: controller.signal });
    await expect(async () => {
      for await (const event of stream) {
        if (event.kind === 'step' && event.step === 7) controller.abort(new Error('enough'));
        if (event.kind === 'checkpoint') stopped = event.state;
      }
    }).rejects.toThrow('enough');
    const start = await startOf(rewindOf(parent, { pruneRate: 0.6 }));
    for (const [name, values] of Object.entries(stopped)) {
      const mask = start[`${name.replace('optimizer/velocity/', '')}/mask`];
      const expected =
        mask === undefined ? values : values.map((value, index) => (mask[index] === 0 ? 0 : value));
      expect(bytesIn(start[name])).toBe(bytesIn(expected));
    }
    expect(Object.keys(start)).toHaveLength(Object.keys(stopped).length + KERNELS.length);
  });

  it.each([
    ['momentum', {}],
    ['adam', { optimizer: { name: 'adam' }, learningRate: 2e-3 }],
  ] as const)(
    'with nothing pruned repeats the rest of its parent with %s, bit for bit',
    async (_name, schedule) => {
      const whole = runOf(settingsOf({ schedule }), 4);
      await record(whole);
      const run = rewindOf(whole, { pruneRate: 0 });
      await record(run);
      const repeated = stateOf(run);
      for (const [name, values] of Object.entries(stateOf(whole)))
        expect(bytesIn(repeated[name])).toBe(bytesIn(values));
      // It begins within the second epoch, whose first steps it lacks.
      expect(readMetrics(directoryOf(run)).slice(1)).toEqual(readMetrics(directoryOf(whole)).slice(2));
      expect(readMetrics(directoryOf(run))[0]?.testLoss).toBe(readMetrics(directoryOf(whole))[1]?.testLoss);
    },
  );

  it('goes on from a rewound run with the weights at the same point: iterative pruning', async () => {
    const first = rewindOf(parent, { pruneRate: 0.5 });
    await record(first);
    const second = await startOf(rewindOf(first, { pruneRate: 0.75 }));
    const [begun, trained] = [await startOf(first), stateOf(first)];
    for (const name of KERNELS) {
      const kept = second[`${name}/mask`] as Float32Array;
      const expected = (begun[name] as Float32Array).map((value, index) => (kept[index] === 0 ? 0 : value));
      expect(bytesIn(second[name])).toBe(bytesIn(expected));
      expect(kept.every((value, index) => value === 0 || trained[name]?.[index] !== 0)).toBe(true);
    }
  });

  it('says that steps are taken again, and that another machine took them first', async () => {
    const run = rewindOf(parent, { pruneRate: 0.3 });
    const events = await record(run, { environment: { ...ENVIRONMENT, cpu: 'another' } });
    expect(events).toContainEqual({ kind: 'repeating', step: 7, end: 7, of: 'none seed 3' });
    expect(events).toContainEqual({
      kind: 'warning',
      sentence: `none seed 3 was not trained as it would be here, with processor another in place of ${ENVIRONMENT.cpu}: the weights that it had at step 7 are computed anew, close to what they were, not the same`,
    });
  });
});

describe('learning-rate rewinding', () => {
  it('begins with the last weights of its parent, and follows its schedule from there', async () => {
    const run = rewindOf(parent, { what: 'learning-rate', to: 1, pruneRate: 0.7 });
    const start = await startOf(run);
    const final = stateOf(parent);
    expect(start['logits/kernel']).toEqual(final['logits/kernel']);
    expect(zerosOf(start['optimizer/velocity/logits/kernel']).size).toBe(120);
    await record(run);
    const rows = readMetrics(directoryOf(run));
    expect(rows.map(({ epoch, step }) => [epoch, step])).toEqual([
      [2, 10],
      [3, 15],
      [4, 20],
    ]);
    for (const { step, learningRate } of rows)
      expect(learningRate).toBeCloseTo(
        0.1 * (1 + Math.cos((Math.PI * (step - 1)) / (4 * STEPS_PER_EPOCH))),
        12,
      );
  });
});

describe('a run that goes on from another', () => {
  it.each([
    ['fine-tune', () => fineTuneOf(parent, { pruneRate: 0.85 })],
    ['weight rewinding', () => rewindOf(parent, { pruneRate: 0.85 })],
  ])('ends with the same bytes when it is cut off: %s', async (_name, make) => {
    const run = make();
    await record(run);
    const [whole, metrics] = [bytesOf(run), readMetrics(directoryOf(run))];
    const { firstStep } = (await prepareTraining(run, dataset)).beginning;
    rmSync(directoryOf(run), { recursive: true });
    // Within the first epoch, then within the next.
    for (const step of [firstStep + 2, firstStep + 6]) {
      const controller = new AbortController();
      const read = async () => {
        for await (const event of recordRun({
          resultsDirectory: results,
          run,
          dataset,
          engine,
          environment: ENVIRONMENT,
          signal: controller.signal,
        }))
          if (event.kind === 'step' && event.step === step) controller.abort(new Error('interrupted'));
      };
      await expect(read()).rejects.toThrow('interrupted');
      expect(findRuns(results, ['test']).leftOut).toEqual([]);
    }
    await record(run);
    expect(bytesOf(run)).toBe(whole);
    expect(readMetrics(directoryOf(run))).toEqual(metrics);
  });

  it('notes the network that it goes on from, and says when that was trained anew', async () => {
    const folder = temporaryFolder();
    const other = runOf(settingsOf({}), 8);
    const run = fineTuneOf(other, {}, { epochs: 1 });
    await record(other, { resultsDirectory: folder });
    await record(run, { resultsDirectory: folder });
    const { checkpointSha256 = '' } = readSummary(directoryOf(other, folder)) ?? {};
    expect(readSummary(directoryOf(run, folder))?.parent).toEqual({ id: other.id, checkpointSha256 });
    const summary = join(directoryOf(other, folder), 'summary.json');
    writeFileSync(summary, readFileSync(summary, 'utf8').replace(checkpointSha256, 'f'.repeat(64)));
    expect(await record(run, { resultsDirectory: folder })).toMatchObject([
      { kind: 'warning', sentence: expect.stringContaining('had before that was trained again') },
      { kind: 'trained', wasDone: true },
    ]);
  });

  it('is refused before anything is written where the other is not trained or damaged', async () => {
    const folder = temporaryFolder();
    const run = fineTuneOf(parent);
    const into = { resultsDirectory: folder };
    await expect(record(run, into)).rejects.toThrow(
      `it goes on from none seed 3, which is not trained in ${join(folder, 'test')}`,
    );
    await record(parent, into);
    const tensors = join(directoryOf(parent, folder), 'checkpoint.safetensors');
    writeFileSync(tensors, Buffer.alloc(100));
    await expect(record(run, into)).rejects.toThrow('checkpoint.safetensors is damaged');
    writeFileSync(join(directoryOf(parent, folder), 'metrics.csv'), 'epoch\n');
    await expect(record({ ...run, seed: 3, id: `${run.id}9` }, into)).rejects.toThrow(
      'it goes on from none seed 3, which is damaged: ',
    );
  });

  it('fails with the other, in a sentence that says why, and waits for one that others train', async () => {
    const folder = temporaryFolder();
    const bad = runOf(settingsOf({ schedule: { learningRate: 1e30, warmup: 0 } }), 1);
    const child = fineTuneOf(bad);
    const busy = runOf(settingsOf({}), 5);
    const waiting = fineTuneOf(busy);
    const lock = tryLock(join(directoryOf(busy, folder), 'lock.json'));
    const tasks = [bad, child, busy, waiting].map(
      (run, index): Task => ({ run, dataset, number: index + 1 }),
    );
    const { signal } = new AbortController();
    const events = await readAll(
      trainRuns(tasks, {
        resultsDirectory: folder,
        engine,
        environment: ENVIRONMENT,
        signal,
        waitsForOthers: false,
      }),
    );
    const failures = events.filter((event) => event.kind === 'failed');
    expect(failures.map(({ task, error }) => [task.number, (error as Error).message])).toEqual([
      [1, expect.stringContaining('is NaN')],
      [2, expect.stringMatching(/^it goes on from none seed 1, whose training failed: the .* is NaN/)],
    ]);
    expect(events).toContainEqual({
      kind: 'run',
      task: tasks[3],
      event: { kind: 'busy', parent: 'none seed 5', owner: expect.stringContaining('process') },
    });
    if ('release' in lock) lock.release();
  });
});

describe('the time that a run will take', () => {
  it.each(['weights', 'learning-rate'])(
    'counts the steps that it takes, again or for the first time: %s',
    async (what) => {
      const run = rewindOf(parent, { what, pruneRate: 0.45 });
      const environment = collectEnvironment({ engine: engine.name, device: engine.device });
      await record(run, { environment });
      const other = { ...parent, seed: 9, id: runOf(parent.settings, 9).id };
      const next = rewindOf(other, { what, pruneRate: 0.45 });
      const events = await readAll(
        estimateRuns([planRun(next, results)], { engine, results, mayMeasure: false }),
      );
      const { trainSeconds = 0 } = readSummary(directoryOf(run)) ?? {};
      const event = events.at(-1);
      const estimate = event?.kind === 'estimated' ? event.estimates.get(next) : undefined;
      expect(estimate?.time?.seconds).toBeCloseTo(trainSeconds, 6);
    },
  );
});

it('steps that are taken again are interrupted like a training', async () => {
  const training = await prepareTraining(parent, dataset);
  const controller = new AbortController();
  const repeated = repeatSteps(training, {
    engine,
    state: undefined,
    end: 9,
    of: 'none seed 3',
    signal: controller.signal,
  });
  await repeated.next();
  await repeated.next();
  controller.abort(new Error('interrupted'));
  await expect(repeated.next()).rejects.toThrow('interrupted');
});

it('a run has the hash that its experiment would give it', () => {
  const { regularizer, ...rest } = fineTuneOf(parent).settings;
  const { parent: _, ...written } = regularizer as { parent?: string } & typeof regularizer;
  const [, linked] = linkParents([
    { name: 'none', settings: parent.settings },
    { name: 'fine-tune', settings: { ...rest, regularizer: written as typeof regularizer } },
  ]);
  expect(linked?.hash).toBe(hashOf(fineTuneOf(parent).settings));
});
