/** @file td export: hands a trained and pruned network to whoever wants to use it. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadTfjs } from '../engines/load-tfjs.ts';
import { UserError } from '../errors.ts';
import type { ExportedPruning } from '../export/export-network.ts';
import { formats } from '../export/formats/registry.ts';
import type { ExportFormat } from '../export/formats/types.ts';
import { requireSwept } from '../export/swept-pruning.ts';
import { requireExportPlace, writeExport } from '../export/write-export.ts';
import { fixedRateError } from '../pruning/criteria/criterion.ts';
import type { Granularity } from '../pruning/types.ts';
import type { FinishedRun } from '../runs/find.ts';
import { findFinishedRun } from '../runs/find-named-run.ts';
import { type CriterionFlags, criterionOptions, readCriterion } from '../terminal/criterion-options.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { formatOption, rateOption, removedOption, resultsOption } from '../terminal/options.ts';
import { print } from '../terminal/output.ts';
import { startProgress } from '../terminal/progress.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';
import { formatInteger, formatPercent } from '../terminal/words.ts';

const HELP = `
With --granularity unit the pruned units are taken out: filters and columns, the
rows of the next layer that read them, and what batch normalisation, sums and
flattening make of them. The logits stay what they were, up to rounding; td
compares them on test images, and writes nothing if they differ. A rate must have
been swept, so that its accuracy is known.

Formats:
  onnx         opset 18, input "images" [batch, channels, height, width]
  safetensors  td's names and layouts; --sparse leaves zeros out
  tfjs         a folder for tf.loadGraphModel, [batch, height, width, channels]
  pytorch      safetensors in PyTorch's names and layouts; docs/export.md has the
               script that loads it

Examples:
  td export mnist-lenet/targeted-unit/0 --prune 0.8 --granularity unit
  td export mnist-lenet/targeted-weight/0 --prune 0.9 --granularity weight \\
    --format safetensors --sparse
  td export mnist-lenet/none/0 --format tfjs --out site/model --with-preprocessing`;

export interface ExportOptions extends CriterionFlags {
  /** The network as it was trained if absent. */
  readonly prune?: number;
  readonly granularity?: Granularity;
  readonly format: string;
  readonly out?: string;
  readonly fold: boolean;
  readonly sparse?: boolean;
  readonly withPreprocessing?: boolean;
  readonly results: string;
}

export function define(command: Command): void {
  command.addOption(rateOption()).addOption(removedOption());
  for (const option of criterionOptions()) command.addOption(option);
  command
    .addOption(formatOption(formats.names))
    .option('--out <path>', 'file or folder (default: <results>/<experiment>/export/…)')
    .option('--no-fold', 'keep batch normalisation as layers of its own')
    .option('--sparse', 'with safetensors: store kernels without their zeros')
    .option('--with-preprocessing', 'the network takes pixels from 0 to 255')
    .addOption(resultsOption())
    .addHelpText('after', HELP)
    .action(exportRun);
}

/** @throws UserError before anything is written, if the run, the rate, a flag or the place is wrong */
export async function exportRun(argument: string, options: ExportOptions): Promise<void> {
  const { results, fold, sparse = false, withPreprocessing: preprocessing = false } = options;
  requireResultsFolder(results, 'read');
  const format = formats.get(options.format);
  if (sparse && format.storesSparse !== true)
    throw new UserError(`--sparse is for --format safetensors, not for ${format.name}`);
  requireExtensionOf(format, options.out);
  const run = findFinishedRun(argument, results);
  const pruning = readPruning(options);
  const isPruned = options.prune !== undefined || pruning.criterion !== undefined;
  const swept = isPruned ? requireSwept(run, pruning, results) : undefined;
  const path = options.out ?? defaultPlace(run, results, format, isPruned ? pruning : undefined);
  requireExportPlace(path, format);
  await loadTfjs();
  const { chooseEngine } = await import('../engines/registry.ts');
  const { TrainedNetworks } = await import('../sweeps/trained-networks.ts');
  const { exportNetwork } = await import('../export/export-network.ts');
  const { engine } = await chooseEngine('onnx');
  const networks = new TrainedNetworks(engine, startFetchStage, pruning.criterion?.images);
  const { experiment, variant, seed } = run.identity;
  const name = `${experiment}/${run.id}`;
  const progress = startProgress(`${name}: test images`, run.summary.data?.testImages ?? 0);
  try {
    const network = await networks.open(run, []);
    const facts = { producer: 'td', run: name, experiment, variant, seed: String(seed) };
    const choice = { pruning, fold, preprocessing, sparse, format };
    const exported = await exportNetwork(engine, network, facts, choice, (done) => progress.update(done, ''));
    writeExport(path, exported.files, format);
    progress.stop();
    const { sizes, accuracy, difference, files } = exported;
    const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
    const said = swept === undefined ? run.summary.testAccuracy : swept.accuracy;
    print(
      `${path}: ${formatInteger(bytes)} bytes, ${format.name}\n` +
        `parameters ${formatInteger(sizes.exported.parameters)} of ${formatInteger(sizes.dense.parameters)}, ` +
        `${formatInteger(sizes.exported.nonzero)} of them not zero; ` +
        `multiply-adds ${formatInteger(sizes.exported.multiplyAdds)} of ${formatInteger(sizes.dense.multiplyAdds)}\n` +
        `test accuracy of the exported network ${formatPercent(accuracy)}, in td ${formatPercent(said)}; largest ` +
        `difference of a logit on ${difference.images} images ${difference.largest.toExponential(1)}, of logits up to ${difference.scale.toPrecision(3)}\n` +
        `input ${exported.metadata.input}; ${exported.metadata.preprocessing}`,
    );
  } finally {
    progress.stop();
    networks.dispose();
  }
}

/** @throws UserError if the name ends as a file of another format does */
function requireExtensionOf(format: ExportFormat, out: string | undefined): void {
  const isEndOf = ({ extension }: ExportFormat) =>
    extension !== undefined && out?.endsWith(extension) === true;
  const other = [...formats].find(isEndOf);
  // Files of PyTorch are safetensors, too.
  if (other === undefined || format.extension?.endsWith(other.extension ?? '')) return;
  throw new UserError(
    `--out ${out} has the ending of another format than ${format.name}, expected --format ${other.name} with it`,
  );
}

/** @throws UserError if a rate has no granularity, or the other way round */
function readPruning({ prune, granularity, ...asked }: ExportOptions): ExportedPruning {
  const criterion = readCriterion(asked);
  if (criterion?.rate !== undefined) {
    // The rate as a sweep writes it is welcome, and no other.
    if ((prune ?? criterion.rate) !== criterion.rate || granularity === 'unit')
      throw fixedRateError(criterion, criterion.rate);
    return { granularity: 'weight', pruneRate: criterion.rate, criterion };
  }
  if (criterion !== undefined && prune === undefined)
    throw new UserError(`${criterion.flags.join(' ')} says what ranks but not how much goes, expected --prune with a rate that was swept`); // biome-ignore format: one sentence
  if (prune !== undefined && granularity === undefined)
    throw new UserError('--prune says how much is pruned but not what, expected --granularity unit or --granularity weight'); // biome-ignore format: one sentence
  if (prune === undefined && granularity !== undefined)
    throw new UserError(`--granularity says what is pruned but not how much, expected --prune with a rate that was swept, such as 0.8`); // biome-ignore format: one sentence
  return {
    granularity: granularity ?? 'weight',
    pruneRate: prune ?? 0,
    ...(criterion === undefined ? {} : { criterion }),
  };
}

/** `results/mnist-lenet/export/none-seed-0-1a2b3c4d-unit-0.8.onnx` */
function defaultPlace(
  { identity, id }: FinishedRun,
  results: string,
  { name, extension }: ExportFormat,
  pruning: ExportedPruning | undefined,
): string {
  const ranked = pruning?.criterion === undefined ? '' : `-${pruning.criterion.id}`;
  const pruned = pruning === undefined ? '' : `-${pruning.granularity}-${pruning.pruneRate}${ranked}`;
  const file = `${id.replaceAll('/', '-')}${pruned}${extension ?? `-${name}`}`;
  return join(results, identity.experiment, 'export', file);
}
