/** @file The sweep of an experiment for the gate: its rows, and which settings are the present ones. */

import { hashOf } from '../config/identity.ts';
import { loadExperiment } from '../config/load.ts';
import type { SweepRow } from '../results/sweep-table.ts';
import { findTableSource } from './table-source.ts';

export interface GateSource {
  readonly experiment: string;
  /** At least one. */
  readonly rows: readonly SweepRow[];
  /** First 8 digits of the hash of each variant's settings in the experiment file; absent if none was named. */
  readonly hashes?: ReadonlyMap<string, string>;
}

/** @throws UserError if there is no such sweep, or a file is malformed */
export function findGateSource(argument: string, results: string): GateSource {
  const { experiment, rows } = findTableSource(argument, results);
  if (!/\.ya?ml$/i.test(argument)) return { experiment, rows };
  const variants = loadExperiment(argument).variants.map(
    ({ name, settings }) => [name, hashOf(settings).slice(0, 8)] as const,
  );
  return { experiment, rows, hashes: new Map(variants) };
}
