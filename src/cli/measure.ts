/** @file td measure: what trained networks cost to store and to run, as they are and pruned. */
import type { Command } from 'commander';
import { loadTfjs } from '../engines/load-tfjs.ts';
import { UserError } from '../errors.ts';
import { addMeasures, type MeasureRow, measurePath } from '../export/measure-rows.ts';
import { describeCount, formatRate } from '../format.ts';
import { type Criterion, fixedRateError } from '../pruning/criteria/criterion.ts';
import type { Granularity } from '../pruning/types.ts';
import { type FinishedRun, refusalOfAll } from '../runs/find.ts';
import { findFinishedRun } from '../runs/find-named-run.ts';
import { requireExperiments, walkResults } from '../runs/walk.ts';
import { readSweep } from '../sweeps/read-sweep.ts';
import { checkpointId, findSweepRow, type SweepRow, sweepPath } from '../sweeps/rows.ts';
import { type CriterionFlags, criterionOptions, readCriterion } from '../terminal/criterion-options.ts';
import { threadsOption } from '../terminal/execution-options.ts';
import { type Failure, reportFailures } from '../terminal/failures.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { lookUpRuns, tellLeftOut } from '../terminal/found-runs.ts';
import { interruptible } from '../terminal/interruption.ts';
import {
  countOption,
  granularityOption,
  jsonOption,
  pruneOption,
  resultsOption,
} from '../terminal/options.ts';
import { print, printJson, printTable } from '../terminal/output.ts';
import { printLine, startProgress } from '../terminal/progress.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';
import { formatInteger, formatPercent } from '../terminal/words.ts';

const HELP = `
Exports each network as "td export --format onnx" does, and measures it:
parameters, multiply-adds of one image, bytes of the file, compressed by gzip,
and as safetensors without zeros, and the time that onnxruntime takes on the
processor for 1 image and for 128. The networks of a run are timed in turns; the
times are medians, in measure.csv with quartiles, and the network with nothing
pruned is always among them. Pruned weights save bytes, but no time: onnxruntime
multiplies by zeros, too.

Rows go to <results>/<experiment>/measure.csv; figures and report show them.
With --criterion, as with td sweep, they go to measure-<criterion>.csv, and to
no figure. Measure on a quiet machine.

Examples:
  td measure mnist-lenet/targeted-unit/0 --prune 0.5,0.8
  td measure mnist-lenet --granularity both      all its trained runs`;

export interface MeasureOptions extends CriterionFlags {
  /** Those of the sweep if absent. */
  readonly prune?: readonly number[];
  readonly granularity?: Granularity | 'both';
  readonly rounds: number;
  readonly threads?: number;
  readonly json?: boolean;
  readonly results: string;
}

export function define(command: Command): void {
  command.addOption(pruneOption('those of its sweep')).addOption(granularityOption('unit'));
  for (const option of criterionOptions()) command.addOption(option);
  command
    .addOption(countOption('--rounds <n>', 'timed runs of each network').default(25))
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addOption(resultsOption())
    .addHelpText('after', HELP)
    .action(measure);
}

/** @throws UserError if there is no such run, or it was not swept and no rates are given */
export async function measure(names: readonly string[], options: MeasureOptions): Promise<void> {
  const { results, rounds, threads } = options;
  const criterion = readCriterion(options);
  const granularities = granularitiesOf(options, criterion);
  requireResultsFolder(results, 'write');
  const runs = names.flatMap((name) => findRuns(name, results));
  const asked = runs.map((run) => ({ run, pruneRates: ratesFor(run, granularities, options, criterion) }));
  await loadTfjs();
  const { chooseEngine } = await import('../engines/registry.ts');
  const { TrainedNetworks } = await import('../sweeps/trained-networks.ts');
  const { countMeasureRounds, measureNetwork } = await import('../export/measure.ts');
  const { engine } = await chooseEngine('onnx');
  const networks = new TrainedNetworks(engine, startFetchStage, criterion?.images);
  const all: MeasureRow[] = [];
  const failures: Failure[] = [];
  const written = new Set<string>();
  try {
    for (const { run, pruneRates } of asked) {
      const choice = {
        ...{ granularities, pruneRates, rounds },
        ...(criterion === undefined ? {} : { criterion }),
        ...(threads === undefined ? {} : { threads }),
      };
      const { experiment } = run.identity;
      const name = `${experiment}/${run.id}`;
      const progress = startProgress(name, countMeasureRounds(choice));
      let done = 0;
      let rows: MeasureRow[];
      try {
        rows = await interruptible(async (signal) => {
          const network = await networks.open(run, [], signal);
          return measureNetwork(network, choice, signal, () => progress.update(++done, ''));
        }).finally(() => progress.stop());
      } catch (error) {
        // Asked for one run, there is nothing to go on with.
        if (!(error instanceof UserError) || asked.length === 1) throw error;
        printLine(`${name}: failed: ${error.message}`);
        failures.push({ run: name, reason: error.message, needsHand: true });
        continue;
      }
      await addMeasures(results, experiment, rows, criterion?.id);
      written.add(measurePath(results, experiment, criterion?.id));
      all.push(...rows);
      const swept = readSweep(sweepPath(results, experiment, criterion?.id));
      if (options.json !== true) printRows(run, rows, swept);
    }
  } finally {
    networks.dispose();
  }
  if (options.json === true) printJson(all);
  else if (written.size > 0) print(`\nwritten: ${[...written].join(', ')}`);
  reportFailures(failures);
}

/** One run, or all trained runs of an experiment; those that are left out are told, with exit code 1. */
function findRuns(name: string, results: string): FinishedRun[] {
  const isExperiment = !name.includes('/');
  if (!isExperiment) return [findFinishedRun(name, results)];
  requireExperiments([name], walkResults(results), results);
  const { runs: found, leftOut } = lookUpRuns(results, [name]);
  const runs = found.filter((run) => run.state === 'done');
  const [first, ...others] = leftOut;
  if (runs.length === 0 && first !== undefined)
    throw refusalOfAll(`experiment "${name}"`, [first, ...others]);
  tellLeftOut(leftOut);
  if (runs.length === 0) throw new UserError(`no run of experiment "${name}" is trained in ${results}`);
  return runs;
}

/** @throws UserError if the criterion fixes rate or granularity and another is asked for */
function granularitiesOf(
  { prune, granularity }: MeasureOptions,
  criterion: Criterion | undefined,
): readonly Granularity[] {
  if (criterion?.rate === undefined)
    return granularity === 'both' ? ['weight', 'unit'] : [granularity ?? 'unit'];
  if (prune === undefined && (granularity ?? 'weight') === 'weight') return ['weight'];
  throw fixedRateError(criterion, criterion.rate);
}

function ratesFor(
  run: FinishedRun,
  granularities: readonly Granularity[],
  { prune, results }: MeasureOptions,
  criterion: Criterion | undefined,
): number[] {
  if (criterion?.rate !== undefined) return [criterion.rate];
  if (prune !== undefined) return prune.filter((rate) => rate > 0);
  const { experiment } = run.identity;
  const runId = checkpointId(run.id, run.summary.checkpointSha256);
  const rows = readSweep(sweepPath(results, experiment, criterion?.id)).filter(
    (row) => row.runId === runId && granularities.includes(row.granularity),
  );
  const rates = [...new Set(rows.map(({ pruneRate }) => pruneRate))].toSorted((a, b) => a - b);
  if (rates.length === 0)
    throw new UserError(
      `${experiment}/${run.id} was not swept by ${granularities.join('s or ')}s${criterion === undefined ? '' : ` and the criterion ${criterion.id}`}, expected a sweep or --prune with rates such as 0.5,0.8`,
    );
  return rates.filter((rate) => rate > 0);
}

function printRows(run: FinishedRun, rows: readonly MeasureRow[], swept: readonly SweepRow[]): void {
  const { threads = 0, rounds = 0, processor = '' } = rows[0] ?? {};
  print(
    `\n${run.identity.experiment}/${run.id}: onnxruntime on ${processor}, ${describeCount(threads, 'thread')}, medians of ${rounds} runs in turns\n`,
  );
  const milliseconds = (number: number) => `${number.toPrecision(3)} ms`;
  const header = ['pruned', 'test accuracy', 'parameters', 'multiply-adds', 'bytes', 'gzip', 'sparse', '1 image', '128 images', 'of dense']; // biome-ignore format: one row
  const shown = rows.filter(({ pruneRate }, index) => index === 0 || pruneRate > 0);
  printTable(
    header,
    shown.map((row) => {
      const accuracy = findSweepRow(swept, row.runId, row.granularity, row.pruneRate)?.accuracy;
      return [
        row.pruneRate === 0 ? 'nothing' : `${formatRate(row.pruneRate)} of ${row.granularity}s`,
        accuracy === undefined ? 'not swept' : formatPercent(accuracy),
        formatInteger(row.parameters),
        formatInteger(row.multiplyAdds),
        formatInteger(row.bytes),
        formatInteger(row.gzipBytes),
        formatInteger(row.sparseBytes),
        milliseconds(row.median1),
        milliseconds(row.median128),
        `${(row.median1 / row.denseMedian1).toFixed(2)}, ${(row.median128 / row.denseMedian128).toFixed(2)}`,
      ];
    }),
  );
}
