/** @file The sweep of an experiment for the gate: its rows, and which settings are the present ones. */

import { hashOf } from '../config/identity.ts';
import { loadExperiment } from '../config/load.ts';
import { identifyImages } from '../runner/data-identity.ts';
import type { SweepRow } from '../sweeps/rows.ts';
import { findTableSource } from '../tables/source.ts';
import { tellFaults } from '../terminal/found-runs.ts';

export interface GateSource {
  readonly experiment: string;
  /** At least one. */
  readonly rows: readonly SweepRow[];
  /** First 8 digits of the hash of each variant's settings in the experiment file; absent if none was named. */
  readonly hashes?: ReadonlyMap<string, string>;
}

/** @throws UserError if there is no such sweep, a file is malformed, or images under a variant's own path are missing */
export async function findGateSource(argument: string, results: string): Promise<GateSource> {
  const { experiment, rows, damaged } = findTableSource(argument, results);
  tellFaults(damaged.map(({ reason }) => reason));
  if (!/\.ya?ml$/i.test(argument)) return { experiment, rows };
  const { variants: identified } = await identifyImages(loadExperiment(argument));
  const variants = identified.map(({ name, settings }) => [name, hashOf(settings).slice(0, 8)] as const);
  return { experiment, rows, hashes: new Map(variants) };
}
