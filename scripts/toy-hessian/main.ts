/**
 * @file npm run toy-hessian: measures how much the trained networks of an experiment depend on the weights that pruning
 * removes, writes dependence.csv beside its sweep and prints the paper's table with ours.
 */
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { chooseEngine } from '../../src/engines/registry.ts';
import type { Engine } from '../../src/engines/types.ts';
import { UserError } from '../../src/errors.ts';
import { writeFileAtomic } from '../../src/files/atomic.ts';
import { formatDuration } from '../../src/format.ts';
import { describeMethod, methodOf } from '../../src/methods/names.ts';
import { prunedWeights } from '../../src/methods/pruned-weights.ts';
import type { Model, PrunableWeight } from '../../src/models/types.ts';
import { parsePruneRates } from '../../src/pruning/rates.ts';
import { readFinalCheckpoint } from '../../src/runs/final-checkpoint.ts';
import { type FinishedRun, findRuns } from '../../src/runs/find.ts';
import { readRunSettings } from '../../src/runs/run-settings.ts';
import { measureDependence } from '../../src/sweeps/dependence.ts';
import { checkpointId } from '../../src/sweeps/rows.ts';
import { TrainedImages } from '../../src/sweeps/trained-images.ts';
import { startFetchStage } from '../../src/terminal/fetch-progress.ts';
import { countOption } from '../../src/terminal/options.ts';
import { printLine, startProgress } from '../../src/terminal/progress.ts';
import { Curvature } from '../../src/training/curvature.ts';
import { Evaluator } from '../../src/training/evaluator.ts';
import { createSetup } from '../../src/training/setup.ts';
import { parseFlags, runScript } from '../command-line.ts';
import { type DependenceRow, formatRows, readPublishedRows, readRows } from './rows.ts';
import { renderDependence } from './table.ts';

const NAME = 'toy-hessian';

interface Options {
  readonly results: string;
  readonly rate: number;
  readonly draws: number;
  readonly threads?: number;
}

/** @returns the exit code */
async function main(parameters: readonly string[]): Promise<number> {
  const { experiment, options } = parseCommandLine(parameters);
  const runs = findRuns(options.results, [experiment]).runs.filter((run) => run.state === 'done');
  if (runs.length === 0) {
    throw new UserError(
      `no run of experiment "${experiment}" is trained in ${options.results}; train with: td run configs/toy-hessian.yaml`,
    );
  }
  const { engine } = await chooseEngine(
    'onnx',
    options.threads === undefined ? {} : { threads: options.threads },
  );
  const images = new TrainedImages(startFetchStage);
  const path = join(options.results, experiment, 'dependence.csv');
  const known = readRows(path);
  const measured = runs.map((run) => findRow(known, run, options));
  const rows = () => measured.filter((row) => row !== undefined);
  for (const [index, run] of runs.entries()) {
    if (measured[index] !== undefined) continue;
    measured[index] = await measureAndTell(`[${index + 1}/${runs.length}]`, run, images, engine, options);
    // What was measured so far is kept if the rest is cut off.
    writeFileAtomic(path, formatRows(rows()));
  }
  process.stdout.write(`${renderDependence(rows(), readPublishedRows())}\n`);
  printLine(`measurements are in ${path}`);
  return 0;
}

/** A row of the same checkpoint, measured in the same way. */
function findRow(
  known: readonly DependenceRow[],
  run: FinishedRun,
  { rate, draws }: Options,
): DependenceRow | undefined {
  const runId = checkpointId(run.id, run.summary.checkpointSha256);
  return known.find((row) => row.runId === runId && row.pruneRate === rate && row.draws === draws);
}

async function measureAndTell(
  place: string,
  run: FinishedRun,
  images: TrainedImages,
  engine: Engine,
  options: Options,
): Promise<DependenceRow> {
  const began = performance.now();
  const progress = startProgress(place, options.draws);
  const onDraw = (done: number) => progress.update(done, run.id);
  const row = await measureRun(run, images, engine, { ...options, onDraw });
  progress.stop();
  printLine(`${place} ${run.id}: measured in ${formatDuration((performance.now() - began) / 1000)}`);
  return row;
}

async function measureRun(
  run: FinishedRun,
  images: TrainedImages,
  engine: Engine,
  { rate, draws, onDraw }: Options & { readonly onDraw: (done: number) => void },
): Promise<DependenceRow> {
  const { settings } = readRunSettings(run.directory);
  const dataset = await images.load(run, []);
  const { model, regularizer } = await createSetup(settings, dataset);
  const { arrays: state } = readFinalCheckpoint(run);
  const evaluator = await Evaluator.create(engine, model, dataset.test);
  const evaluateAt = (network: Model, pruneRate: number) =>
    evaluator.evaluate(prunedWeights(network, regularizer, state, 'weight', pruneRate).parameters);
  const measureWith = async (network: Model, directions: number, tell?: (done: number) => void) => {
    const curvature = await Curvature.create(engine, network, dataset.test);
    const measured = { model: network, regularizer, state, pruneRate: rate };
    const dependence = await measureDependence(measured, curvature, directions, tell);
    curvature.dispose();
    return dependence;
  };
  const everyKernel = withEveryKernel(model);
  const whole = await evaluateAt(model, 0);
  const pruned = await evaluateAt(model, rate);
  const everyPruned = await evaluateAt(everyKernel, rate);
  const { firstOrder, secondOrder, sums, norms } = await measureWith(model, draws, onDraw);
  const every = await measureWith(everyKernel, 1);
  evaluator.dispose();
  return {
    experiment: run.identity.experiment,
    variant: run.identity.variant,
    method: describeMethod(methodOf(settings.regularizer)),
    seed: run.identity.seed,
    pruneRate: rate,
    loss: whole.loss,
    prunedLoss: pruned.loss,
    accuracy: whole.accuracy,
    prunedAccuracy: pruned.accuracy,
    firstOrder,
    secondOrder,
    keptSum: sums.kept,
    crossSum: sums.cross,
    removedSum: sums.removed,
    keptNorm: norms.kept,
    crossNorm: norms.cross,
    removedNorm: norms.removed,
    everyPrunedLoss: everyPruned.loss,
    everyPrunedAccuracy: everyPruned.accuracy,
    everyFirstOrder: every.firstOrder,
    everySecondOrder: every.secondOrder,
    draws,
    testImages: whole.count,
    runId: checkpointId(run.id, run.summary.checkpointSha256),
  };
}

/** The same network, its logits layer prunable like the others: the paper does not say whether its toy network's is. */
function withEveryKernel(model: Model): Model {
  const kernels = model.parameters.filter(({ role }) => role === 'kernel');
  const weights = kernels.map(({ name, shape }): PrunableWeight => {
    const known = model.prunable.find((weight) => weight.name === name);
    return known ?? { name, shape, layer: 'dense', outputShape: shape.slice(-1) };
  });
  return { ...model, prunable: weights };
}

function parseCommandLine(parameters: readonly string[]): { experiment: string; options: Options } {
  const command = new Command(NAME)
    .argument('[experiment]', 'an experiment whose networks have dense layers only', 'toy-hessian')
    .option('--results <folder>', 'where its runs are', 'results')
    .option('--rate <rate>', 'share of the weights to remove', parseRate, 0.75)
    .addOption(countOption('--draws <n>', 'random directions that the norms are estimated from').default(64))
    .addOption(countOption('--threads <n>', 'threads'));
  const options = parseFlags<Options>(command, NAME, parameters);
  return { experiment: command.args[0] ?? 'toy-hessian', options };
}

function parseRate(text: string): number {
  const [rate, ...others] = parsePruneRates(text);
  if (rate !== undefined && others.length === 0) return rate;
  throw new InvalidArgumentError('expected one share of at least 0 and below 1, such as 0.75');
}

await runScript(NAME, main);
