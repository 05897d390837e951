/** @file What `td run` and `td sweep` do, called from a program. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { loadExperiment } from '../../src/config/load.ts';
import { Experiment, type SweepRow, sweep, train, UserError } from '../../src/library/experiment.ts';
import { TINY, td } from '../cli/td.ts';
import { temporaryFolder } from '../runs/temporary.ts';

const SETTINGS = {
  dataset: { name: 'mnist', trainImages: 512, testImages: 200 },
  model: { name: 'mlp', widths: [16, 8] },
  schedule: { learningRate: 0.1, batchSize: 64, epochs: 2 },
  seeds: [0],
  sweep: { prune: '0,0.5' },
  variants: { plain: { regularizer: { name: 'none' } } },
};
const ENGINE = { engine: 'onnx', device: 'cpu', threads: 1 } as const;

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

/** What a program in JavaScript may ask of `sweep`. */
const WRONG: readonly [object, string][] = [
  [{ evaluate: ['stochastic'], draws: 1.5 }, 'draws is 1.5, expected a whole number of at least 1'],
  [{ evaluate: ['stochastic'], draws: 0 }, 'draws is 0, expected a whole number of at least 1'],
  [{ evaluate: ['stochastic'], draws: 1e12 }, 'draws is 1000000000000: expected at most 999999999'],
  [{ draws: 3n }, 'draws is 3, expected a whole number of at least 1'],
  [{ evaluate: ['gama'] }, 'evaluate[0] is "gama" (did you mean "gamma"?)'],
  [{ evaluate: 'gamma' }, 'evaluate is "gamma", expected a list of at least 1, each "dense", "gamma"'],
  [{ granularity: 'units' }, 'granularity is "units" (did you mean "unit"?)'],
  [{ pruneRates: 0.5 }, 'pruneRates is 0.5, expected a list of at least 1, each a number of at least 0 and'],
  [{ pruneRates: ['0.5'] }, 'pruneRates[0] is "0.5", expected a number of at least 0 and below 1'],
  [{ pruneRates: [] }, 'pruneRates is a list of 0, expected a list of at least 1'],
  [{ pruneRates: Array(1001).fill(0.5) }, 'pruneRates is a list of 1001: expected at most 1000'],
  [{ recalibrate: 0 }, 'recalibrate is 0, expected a whole number of at least 1'],
  [{ threads: 0 }, 'threads is 0, expected a whole number of at least 1'],
  [{ threads: 1e8 }, 'threads is 100000000: expected at most '],
  [{ engine: 'onyx' }, 'engine is "onyx" (did you mean "onnx"?)'],
  [{ device: 'gpus' }, 'device is "gpus" (did you mean "gpu"?)'],
  [{ results: '' }, 'results is "", expected the path of a folder'],
  [{ criterion: 'taylor' }, 'criterion is "taylor", expected an object such as { name: "taylor" }'],
  [{ criterion: { nam: 'taylor' } }, 'unknown key "nam" in criterion (did you mean "name"?)'],
  [{ criterion: { name: 'taylor', image: 100 } }, 'unknown key "image" for criterion "taylor" (did you mean'],
  [
    { criterion: { name: 'taylor', budget: 'globl' } },
    'criterion.budget is "globl" (did you mean "global"?)',
  ],
  [
    { criterion: { name: 'taylor', keepAtLeast: '0.5' } },
    'criterion.keepAtLeast is "0.5", expected a number',
  ],
  [{ prune: [0.5] }, 'sweep has no option "prune" (did you mean "pruneRates"?)'],
  [{ constructor: 1 }, 'sweep has no option "constructor" (expected one of: results, engine'],
  [{ signal: 5 }, 'signal is 5, expected an AbortSignal'],
  [{ startStage: {} }, 'startStage is an object, expected a function'],
];

describe('an experiment', () => {
  it('is the same from settings as from a file, hashes included', () => {
    const file = join(temporaryFolder(), 'tiny.yaml');
    writeFileSync(file, TINY);
    const read = Experiment.load(file, { only: ['plain'], seeds: [0], set: ['schedule.epochs=2'] });
    const made = Experiment.from('tiny', SETTINGS);
    expect(made.runs).toEqual(read.runs);
    expect(made.runs.map(({ hash }) => hash)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(read.definition).toEqual(loadExperiment(file, { only: ['plain'], seeds: [0] }));
  });

  it('names a mistake with its place and what was expected', () => {
    const wrong = { ...SETTINGS, schedule: { epochs: 0 } };
    expect(() => Experiment.from('tiny', wrong)).toThrow(UserError);
    expect(() => Experiment.from('tiny', wrong)).toThrow(/^the settings: .*schedule\.epochs is 0, expected/);
    expect(() => Experiment.from('tiny', { ...SETTINGS, modle: {} })).toThrow('did you mean "model"?');
    expect(() => Experiment.from('../tiny', SETTINGS)).toThrow(UserError);
    expect(() => Experiment.from(undefined as never, SETTINGS)).toThrow('the name is missing, expected');
    expect(() => Experiment.load(5 as never)).toThrow('the path is 5, expected that of an experiment file');
    expect(() => Experiment.from('tiny', { extends: 'other.yaml' })).toThrow(
      'only a file can extend another',
    );
  });
});

describe('settings that no file could hold', () => {
  const circle: Record<string, unknown> = {};
  circle.again = circle;

  it.each<[string, object, string]>([
    ['a Map', { variants: new Map([['l1', {}]]) }, 'the settings: variants is an object of the class Map'],
    [
      'a typed array',
      { seeds: new Int32Array(2) },
      'the settings: seeds is an object of the class Int32Array',
    ],
    ['a circle', { schedule: circle }, 'the settings: schedule.again contains itself, expected data'],
  ])('are refused: %s', (_, wrong, sentence) => {
    expect(() => Experiment.from('tiny', { ...SETTINGS, ...wrong })).toThrow(UserError);
    expect(() => Experiment.from('tiny', { ...SETTINGS, ...wrong })).toThrow(sentence);
  });

  it('make no experiment by way of its constructor', () => {
    const make = () => Reflect.construct(Experiment, ['tiny.yaml']);
    expect(make).toThrow('an experiment is not made by new, expected Experiment.load(file) or');
  });
});

describe('train and sweep', () => {
  it('write what td writes, print nothing, and leave the process alone', async () => {
    const folder = temporaryFolder();
    const [library, command] = [join(folder, 'library'), join(folder, 'command')];
    const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write'));
    const listeners = process.listenerCount('SIGINT');
    const experiment = Experiment.from('tiny', SETTINGS);
    const events = await collect(train(experiment, { ...ENGINE, results: library }));
    const rows: SweepRow[] = await collect(sweep(experiment, { ...ENGINE, results: library }));
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    expect(process.listenerCount('SIGINT')).toBe(listeners);
    expect(process.exitCode).toBeUndefined();
    const kinds = events.map((event) => (event.kind === 'run' ? event.event.kind : event.kind));
    expect(kinds.filter((kind) => kind === 'epoch')).toHaveLength(2);
    expect(kinds.at(-1)).toBe('trained');
    expect(rows.map(({ granularity, pruneRate }) => `${granularity} ${pruneRate}`)).toEqual([
      'weight 0',
      'weight 0.5',
      'unit 0',
      'unit 0.5',
    ]);

    writeFileSync(join(folder, 'tiny.yaml'), TINY);
    const flags = ['--engine', 'onnx', '--device', 'cpu', '--threads', '1', '--results', 'command'];
    await td(folder, 'run', 'tiny.yaml', '--only', 'plain', '--seeds', '0', ...flags);
    await td(folder, 'sweep', 'tiny.yaml', '--no-figures', ...flags);
    const [run = ''] = readdirSync(join(library, 'tiny/plain'));
    for (const file of [`plain/${run}/metrics.csv`, `plain/${run}/checkpoint.safetensors`, 'sweep.csv']) {
      const read = (results: string) => readFileSync(join(results, 'tiny', file)).toString('base64');
      expect(read(library), file).toBe(read(command));
    }

    // Another criterion has rows of its own.
    const criterion = { name: 'random', keepAtLeast: 0.1 };
    const ranked = await collect(
      sweep(experiment, { ...ENGINE, results: library, criterion, granularity: 'weight' }),
    );
    await td(folder, 'sweep', 'tiny.yaml', '--criterion', 'random', '--keep-at-least', '0.1', '--granularity', 'weight', ...flags); // biome-ignore format: one line
    const readRanked = (results: string) =>
      readFileSync(join(results, 'tiny/sweep-random-keep-0.1.csv'), 'utf8');
    expect(ranked).toHaveLength(2);
    expect(readRanked(library)).toBe(readRanked(command));

    // What is done is not done again.
    const again = await collect(train(experiment, { ...ENGINE, results: library }));
    expect(again).toMatchObject([{ kind: 'run', event: { kind: 'trained', wasDone: true } }]);
  }, 60_000);

  it('give way to a signal, with a checkpoint from which the training goes on', async () => {
    const results = join(temporaryFolder(), 'results');
    const experiment = Experiment.from('tiny', SETTINGS);
    const controller = new AbortController();
    const run = async () => {
      for await (const event of train(experiment, { ...ENGINE, results, signal: controller.signal }))
        if (event.kind === 'run' && event.event.kind === 'epoch') controller.abort(new Error('enough'));
    };
    await expect(run()).rejects.toThrow('enough');
    const [folder = ''] = readdirSync(join(results, 'tiny/plain'));
    expect(existsSync(join(results, 'tiny/plain', folder, 'checkpoint.json'))).toBe(true);
    const events = await collect(train(experiment, { ...ENGINE, results }));
    const epochs = events.filter((event) => event.kind === 'run' && event.event.kind === 'epoch');
    expect(epochs).toHaveLength(1);
  }, 60_000);

  it('train the run that another goes on from before it', async () => {
    const results = join(temporaryFolder(), 'results');
    const tuned = {
      regularizer: { name: 'fine-tune', granularity: 'weight', from: 'plain', pruneRate: 0.5 },
    };
    const settings = { ...SETTINGS, variants: { ...SETTINGS.variants, tuned } };
    const experiment = Experiment.from('chain', settings, { only: ['tuned'], set: ['schedule.epochs=1'] });
    const trained: string[] = [];
    for await (const event of train(experiment, { ...ENGINE, results }))
      if (event.kind === 'run' && event.event.kind === 'trained') trained.push(event.task.run.variant);
    expect(trained).toEqual(['plain', 'tuned']);
    const rows = await collect(
      sweep(experiment, { ...ENGINE, results, pruneRates: [0], granularity: 'weight' }),
    );
    const [, last] = rows.filter(({ pruneRate }) => pruneRate === 0);
    expect(last).toMatchObject({ variant: 'tuned', sparsity: expect.closeTo(0.5, 1) });
  }, 60_000);

  it('refuse what cannot be, before anything is written', async () => {
    const results = join(temporaryFolder(), 'results');
    const experiment = Experiment.from('tiny', SETTINGS);
    await expect(collect(sweep(experiment, { ...ENGINE, results }))).rejects.toThrow(
      'no run of experiment "tiny" is trained',
    );
    await expect(collect(sweep(experiment, { ...ENGINE, results, pruneRates: [0, 1] }))).rejects.toThrow(
      'the options of sweep: pruneRates[1] is 1, expected a number of at least 0 and below 1',
    );
    const asked: [NonNullable<Parameters<typeof sweep>[1]>, string][] = [
      [{ criterion: { name: 'tylor' } }, 'unknown criterion "tylor" (did you mean "taylor"?)'],
      [{ criterion: { name: 'taylor', keepAtLeast: 1 } }, 'criterion.keepAtLeast is 1, expected a number'],
      [{ criterion: { name: 'nm:2:4' }, pruneRates: [0.5] }, '--criterion nm:2:4 prunes 50 % of weights'],
      [{ criterion: { name: 'snip' }, evaluate: ['gamma'] }, '--criterion ranks networks as they are'],
      [{ draws: 3 }, '--draws is for --evaluate stochastic or paper'],
      ...WRONG.map(([options, sentence]): [object, string] => [options, sentence]),
    ];
    for (const [options, sentence] of asked)
      await expect(collect(sweep(experiment, { ...ENGINE, results, ...options }))).rejects.toThrow(sentence);
    for (const [options, sentence] of [
      [{ checkpointMinutes: -1 }, 'checkpointMinutes is -1, expected a number above 0'],
      [{ tensorbord: true }, 'train has no option "tensorbord" (did you mean "tensorboard"?)'],
      [{ waitsForOthers: 'yes' }, 'waitsForOthers is "yes", expected true or false'],
    ] as const)
      await expect(
        collect(train(experiment, { ...ENGINE, results, ...(options as object) })),
      ).rejects.toThrow(sentence);
    for (const task of [train, sweep])
      await expect(collect<unknown>(task('tiny.yaml' as never, { results }))).rejects.toThrow(
        `${task.name} takes an experiment, expected Experiment.load(file) or Experiment.from(name, settings)`,
      );
    for (const [options, sentence] of [
      [{ set: 'a=1' }, 'set is "a=1", expected a list, each text'],
      [{ only: 'none' }, 'only is "none", expected a list of at least 1, each text'],
      [{ only: [] }, 'only is a list of 0, expected a list of at least 1'],
      [{ seeds: [1.5] }, 'seeds[0] is 1.5, expected a whole number of at least 0'],
      [{ seed: [1] }, 'Experiment.from has no option "seed" (did you mean "seeds"?)'],
    ] as const)
      expect(() => Experiment.from('tiny', SETTINGS, options as object)).toThrow(sentence);
    const inherited = Object.create({ draws: 1.5, evaluate: ['stochastic'] });
    await expect(collect(sweep(experiment, inherited))).rejects.toThrow('inherit from another object');
    const engine = 'onyx' as 'onnx';
    await expect(collect(train(experiment, { engine, results }))).rejects.toThrow('did you mean "onnx"?');
    expect(existsSync(results)).toBe(false);
  });
});
