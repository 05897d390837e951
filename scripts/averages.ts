/**
 * @file npm run averages: what a pruned network reaches once its batch normalisation has averages of its own.
 *
 * A method that drops in training leaves moving averages of networks in which something was dropped. Evaluation without
 * dropping, or with other weights missing, then normalises by averages of another network. Here the averages are taken
 * anew over training batches, with all weights as they are: what accuracy gains was not lost by the weights.
 */

import { Command } from 'commander';
import type { NamedArrays } from '../src/arrays.ts';
import { expandRuns } from '../src/config/experiment.ts';
import { loadExperiment } from '../src/config/load.ts';
import type { RunSettings } from '../src/config/schema.ts';
import { loadDataset } from '../src/data/load.ts';
import type { Dataset } from '../src/data/types.ts';
import { holdOut } from '../src/data/validation.ts';
import { chooseEngine } from '../src/engines/registry.ts';
import type { Engine } from '../src/engines/types.ts';
import { UserError } from '../src/errors.ts';
import { parsePruneRates } from '../src/pruning/rates.ts';
import type { Granularity } from '../src/pruning/types.ts';
import { readFinalCheckpoint } from '../src/runs/final-checkpoint.ts';
import { readSummary } from '../src/runs/summary.ts';
import { prunedWeights } from '../src/sweeps/pruned-weights.ts';
import { Evaluator } from '../src/training/evaluator.ts';
import { initialState } from '../src/training/initial-state.ts';
import { TrainingProgram } from '../src/training/program.ts';
import { createSetup, prepareTraining } from '../src/training/setup.ts';
import type { Training } from '../src/training/types.ts';

/** Batches over which the averages are taken; the first ones count for e^-5 in the end. */
const BATCHES = 100;
const MOMENTUM = 0.95;
const SEED = 0;

const { args, granularity, rates, threads } = parseCommandLine();
const { engine } = await chooseEngine('onnx', threads === undefined ? {} : { threads });

function parseCommandLine() {
  const command = new Command('averages')
    .argument('<run...>', 'folders of runs whose network has batch normalisation')
    .option('--granularity <granularity>', 'weight or unit', 'weight')
    .option('--rates <rates>', 'as td sweep --prune takes them', '0,0.5,0.8,0.9')
    .option('--threads <n>', 'threads', Number)
    .parse();
  const options = command.opts<{ granularity: Granularity; rates: string; threads?: number }>();
  return { ...options, args: command.args, rates: parsePruneRates(options.rates) };
}

async function report(folder: string, engine: Engine): Promise<void> {
  const [run] = expandRuns(loadExperiment(`${folder}/config.yaml`));
  const summary = readSummary(folder);
  const state = summary && readFinalCheckpoint({ directory: folder, summary }).arrays;
  if (run === undefined || state === undefined) throw new UserError(`${folder} holds no trained run`);
  const { dataset: data } = run.settings;
  const dataset = holdOut(await loadDataset(data), data.validation, run.seed);
  const { model, regularizer } = await createSetup(run.settings, dataset);
  const evaluator = await Evaluator.create(engine, model, dataset.test);
  const averages = await AveragesTaker.create(engine, run.settings, dataset);
  for (const rate of rates) {
    const { parameters } = prunedWeights(model, regularizer, state, granularity, rate);
    const before = await evaluator.evaluate(parameters);
    const after = await evaluator.evaluate({ ...parameters, ...(await averages.take(parameters)) });
    const percent = (accuracy: number): string => (100 * accuracy).toFixed(2).padStart(6);
    process.stdout.write(
      `${run.id} ${granularity} ${rate}: ${percent(before.accuracy)} % with its averages, ` +
        `${percent(after.accuracy)} % with averages taken anew\n`,
    );
  }
}

/** Training steps that change nothing but the moving averages. */
class AveragesTaker {
  private constructor(
    private readonly training: Training,
    private readonly program: TrainingProgram,
  ) {}

  static async create(engine: Engine, settings: RunSettings, dataset: Dataset): Promise<AveragesTaker> {
    const { model: network } = settings;
    if (!('batchNorm' in network)) throw new UserError(`a ${network.name} has no batch normalisation`);
    const still: RunSettings = {
      ...settings,
      // It is held out already, by the seed of the run.
      dataset: { ...settings.dataset, validation: undefined },
      model: { ...network, batchNorm: { ...network.batchNorm, momentum: MOMENTUM } } as RunSettings['model'],
      regularizer: { name: 'none' },
      // A decay may end at a rate of its own.
      schedule: { ...settings.schedule, learningRate: 0, decay: { name: 'constant' }, weightDecay: 0 },
    };
    const training = await prepareTraining({ settings: still, seed: SEED }, dataset);
    return new AveragesTaker(training, await TrainingProgram.compile(engine, training));
  }

  async take(parameters: NamedArrays): Promise<NamedArrays> {
    const { training, program } = this;
    const first = initialState(training);
    const given = Object.entries(parameters).filter(([name]) => name in first);
    await program.writeState({ ...first, ...Object.fromEntries(given) });
    for await (const _ of program.steps(0, BATCHES));
    const state = await program.readState();
    const averages = training.model.parameters.filter(({ role }) => role === 'average');
    return Object.fromEntries(averages.map(({ name }) => [name, state[name] as Float32Array]));
  }
}

for (const folder of args) await report(folder, engine);
