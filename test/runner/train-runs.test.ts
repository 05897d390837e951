/** @file Several runs trained one after another: what goes wrong with one leaves the others alone, and nothing is printed. */
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Dataset } from '../../src/data/types.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import type { Engine } from '../../src/engines/types.ts';
import { makeDirectory } from '../../src/files/directories.ts';
import { tryLock } from '../../src/locks/lock.ts';
import type { RunnerEvent, Task } from '../../src/runner/events.ts';
import { type TrainRunsOptions, trainRuns } from '../../src/runner/train-runs.ts';
import { readCheckpoint } from '../../src/runs/checkpoint.ts';
import { TRAINING_BEGINS } from '../../src/runs/condition.ts';
import { openRunLog } from '../../src/runs/log.ts';
import { DivergedError } from '../../src/training/diverged.ts';
import { ENVIRONMENT } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { readAll } from '../support/streams.ts';
import { loadSmallMnist, runOf, type SettingsInput, smallSettings } from '../training/small-mnist.ts';

let dataset: Dataset;
let engine: Engine;
beforeAll(async () => {
  dataset = await loadSmallMnist(128, 50);
  engine = (await chooseEngine('onnx', { threads: 1 })).engine;
});

const printed = vi.fn(() => true);
beforeEach(() => {
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation(printed);
});
afterEach(() => {
  vi.restoreAllMocks();
  expect(printed).not.toHaveBeenCalled();
});

function tasksOf(inputs: readonly SettingsInput[]): Task[] {
  return inputs.map((input, seed) => {
    const schedule = { epochs: 1, ...input?.schedule };
    return { run: runOf(smallSettings({ ...input, schedule }), seed), dataset, number: seed + 1 };
  });
}

function optionsOf(resultsDirectory: string, options: Partial<TrainRunsOptions> = {}): TrainRunsOptions {
  const { signal } = new AbortController();
  return { resultsDirectory, engine, environment: ENVIRONMENT, signal, waitsForOthers: false, ...options };
}

const directoryOf = (results: string, { run }: Task) => join(results, 'test', run.id);

/** `2 trained`: number of the task and what happened, steps and starts apart. */
function outlineOf(events: readonly RunnerEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.kind === 'waiting') return `waiting for ${event.tasks.map(({ number }) => number)}`;
    const kind = event.kind === 'run' ? event.event.kind : event.kind;
    return kind === 'step' || kind === 'started' ? [] : `${event.task.number} ${kind}`;
  });
}

describe('several runs', () => {
  it('are trained in their order, and the others still if one diverges', async () => {
    const tasks = tasksOf([{}, { schedule: { learningRate: 1e30 } }, {}]);
    const events = await readAll(trainRuns(tasks, optionsOf(temporaryFolder())));
    expect(outlineOf(events)).toEqual(['1 epoch', '1 trained', '2 failed', '3 epoch', '3 trained']);
    expect(events).toContainEqual({ kind: 'failed', task: tasks[1], error: expect.any(DivergedError) });
  });

  it('are trained still if the step of one cannot be built', async () => {
    const tasks = tasksOf([{}, {}]);
    // As a plugin's method does that throws.
    const spied = vi.spyOn(await import('../../src/training/memory.ts'), 'estimateMemory');
    spied.mockImplementationOnce(() => {
      throw new Error('no such op');
    });
    const events = await readAll(trainRuns(tasks, optionsOf(temporaryFolder())));
    expect(outlineOf(events)).toEqual(['1 failed', '2 epoch', '2 trained']);
  });

  it('that are trained are not trained again', async () => {
    const results = temporaryFolder();
    const tasks = tasksOf([{}, {}]);
    await readAll(trainRuns(tasks, optionsOf(results)));
    const events = await readAll(trainRuns(tasks, optionsOf(results)));
    expect(events).toMatchObject([
      { task: tasks[0], event: { kind: 'trained', wasDone: true } },
      { task: tasks[1], event: { kind: 'trained', wasDone: true } },
    ]);
  });

  it('come last if they were cut off twice before they saved anything', async () => {
    const results = temporaryFolder();
    const tasks = tasksOf([{}, {}]);
    const directory = directoryOf(results, tasks[0] as Task);
    makeDirectory(directory);
    const { log, close } = openRunLog(join(directory, 'log.jsonl'));
    for (const session of [1, 2]) log.info({ session }, TRAINING_BEGINS);
    close();
    const events = await readAll(trainRuns(tasks, optionsOf(results)));
    expect(events[0]).toEqual({ kind: 'postponed', task: tasks[0], risk: { kind: 'cut off', sessions: 2 } });
    expect(outlineOf(events).slice(1)).toEqual(['2 epoch', '2 trained', '1 epoch', '1 trained']);
  });

  it('that another process trains are looked at again at the end, and left to it', async () => {
    const results = temporaryFolder();
    const tasks = tasksOf([{}, {}]);
    const lock = tryLock(join(directoryOf(results, tasks[0] as Task), 'lock.json'));
    const events = await readAll(trainRuns(tasks, optionsOf(results)));
    if ('release' in lock) lock.release();
    expect(outlineOf(events)).toEqual(['1 busy', '2 epoch', '2 trained', '1 busy']);
  });

  it('that another process trains are trained here once it lets go of them, if they are waited for', async () => {
    const results = temporaryFolder();
    const tasks = tasksOf([{}, {}]);
    const lock = tryLock(join(directoryOf(results, tasks[0] as Task), 'lock.json'));
    const events: RunnerEvent[] = [];
    for await (const event of trainRuns(tasks, optionsOf(results, { waitsForOthers: true }))) {
      events.push(event);
      if (event.kind === 'waiting' && 'release' in lock) lock.release();
    }
    expect(outlineOf(events)).toEqual([
      '1 busy',
      '2 epoch',
      '2 trained',
      '1 busy',
      'waiting for 1',
      '1 epoch',
      '1 trained',
    ]);
  });

  it('end with the one under way, which is saved, once the signal is aborted', async () => {
    const results = temporaryFolder();
    const tasks = tasksOf([{}, {}]);
    const controller = new AbortController();
    const events: RunnerEvent[] = [];
    const read = async () => {
      for await (const event of trainRuns(tasks, optionsOf(results, { signal: controller.signal }))) {
        events.push(event);
        if (event.kind === 'run' && event.event.kind === 'step') controller.abort(new Error('interrupted'));
      }
    };
    await expect(read()).rejects.toThrow('interrupted');
    expect(outlineOf(events)).toEqual(['1 checkpoint', '1 interrupted']);
    expect(readCheckpoint(directoryOf(results, tasks[0] as Task))).toMatchObject({ epoch: 0, step: 1 });
  });
});
