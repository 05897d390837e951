/** @file Where the weights of each method lie, and how sparse its layers are: one trained network a method. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { AnySettings } from '../methods/definition.ts';
import type { Granularity } from '../pruning/types.ts';
import { RUN_FILES } from '../runs/directory.ts';
import type { FinishedRun } from '../runs/find.ts';
import { lineOf, type MethodRuns } from './group-methods.ts';
import { BIN_WIDTH, type Magnitudes, measureMagnitudes } from './magnitudes.ts';
import { pruneLayers } from './pruned-layers.ts';
import type { GranularityFigures, LayerRow, WeightPanel } from './types.ts';

/** The prune rate that figures show where no method of the experiment has a targeting rate. */
const USUAL_RATE = 0.75;

/** Measures of networks that were measured before, by checkpoint, granularity and rate. */
export type MagnitudesCache = Map<string, Magnitudes>;

interface Measured {
  readonly panel: WeightPanel;
  readonly magnitudes: Magnitudes;
}

/**
 * Measures the network of the lowest seed of each method that is trained to the end. A network that is gone, or cannot be
 * read, is left out.
 *
 * @param problems receives what is wrong with those that cannot be read
 * @param tellNext is told before each network whose it is
 */
export async function collectWeights(
  methods: readonly MethodRuns[],
  granularity: Granularity,
  problems: Set<string>,
  { cache, tellNext }: { readonly cache: MagnitudesCache; tellNext(heading: string): void },
): Promise<Pick<GranularityFigures, 'weights' | 'layers'>> {
  const rate = chooseRate(methods);
  const measured: Measured[] = [];
  for (const method of methods) {
    tellNext(method.heading);
    const found = await measureMethod(method, granularity, rate, cache);
    if (typeof found === 'string') problems.add(found);
    else if (found !== undefined) measured.push(found);
  }
  if (measured.length === 0) return {};
  const layers = [
    ...new Set(measured.flatMap(({ magnitudes }) => magnitudes.layers.map(({ name }) => name))),
  ];
  return {
    weights: { rate, binWidth: BIN_WIDTH, panels: measured.map(({ panel }) => panel) },
    layers: { rate, layers, rows: measured.map((one) => toLayerRow(one, layers)) },
  };
}

/** The targeting rate of most targeted methods, the higher one of two that are equally frequent. A ramp counts with its last rate. */
function chooseRate(methods: readonly MethodRuns[]): number {
  const rates = methods.flatMap(({ settings }) => {
    const regularizer: AnySettings | undefined = settings?.regularizer;
    return regularizer?.targetRate ?? [];
  });
  const countOf = (rate: number) => rates.filter((other) => other === rate).length;
  const [most = USUAL_RATE] = rates.toSorted((a, b) => countOf(b) - countOf(a) || b - a);
  return most;
}

/** @returns what is wrong with its network if it cannot be read, nothing if there is none */
async function measureMethod(
  method: MethodRuns,
  granularity: Granularity,
  rate: number,
  cache: MagnitudesCache,
): Promise<Measured | string | undefined> {
  const run = method.runs
    .filter((candidate): candidate is FinishedRun => candidate.state === 'done')
    .toSorted((a, b) => a.identity.seed - b.identity.seed)[0];
  if (run === undefined || method.settings === undefined || !hasNetwork(run)) return undefined;
  const key = `${run.summary.checkpointSha256} ${run.identity.hash} ${granularity} ${rate}`;
  try {
    const magnitudes =
      cache.get(key) ?? measureMagnitudes(await pruneLayers(run, method.settings, granularity, rate));
    cache.set(key, magnitudes);
    const { removed, kept, removedNorm } = magnitudes;
    const panel = { ...lineOf(method), seed: run.identity.seed, removed, kept, removedNorm };
    return { panel, magnitudes };
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** Users may have removed the arrays to save room. */
function hasNetwork({ directory }: FinishedRun): boolean {
  return existsSync(join(directory, RUN_FILES.tensors));
}

/** @param names of the layers of all methods */
function toLayerRow({ panel, magnitudes }: Measured, names: readonly string[]): LayerRow {
  const layers = names.map((name) => magnitudes.layers.find((layer) => layer.name === name));
  const { heading, variant, style, seed } = panel;
  return {
    ...{ heading, variant, style, seed },
    asTrained: layers.map((layer) => layer?.asTrained ?? null),
    pruned: layers.map((layer) => layer?.pruned ?? null),
  };
}
