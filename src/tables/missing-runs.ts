/** @file Runs that a table lacks: trained without success, not trained, or not swept. */
import type { RunSpec } from '../config/experiment.ts';
import type { RunSettings } from '../config/schema.ts';
import { groupBy } from '../maps.ts';
import { methodOf } from '../methods/names.ts';
import { compareNaturally } from '../order.ts';
import type { Granularity } from '../pruning/types.ts';
import { type Condition, conditionOf } from '../runs/condition.ts';
import { runId } from '../runs/directory.ts';
import { type FoundRun, isLeftOut, type LeftOutRun, type Survey } from '../runs/find.ts';
import { type SweepRow, settingsHashOf } from '../sweeps/rows.ts';

export interface MissingRun {
  readonly variant: string;
  readonly seed: number;
  readonly state: Condition['kind'] | LeftOutRun['state'] | 'not trained' | 'not swept';
  /** Why it failed. */
  readonly reason?: string;
}

/** What is known of an experiment besides the rows of its table. */
export interface KnownRuns {
  /** The runs of its file; nothing if only its results are known: then every variant should have every seed. */
  readonly expected?: readonly RunSpec[] | undefined;
  /** The runs in its folder. */
  readonly found: readonly (FoundRun | LeftOutRun)[];
  /** By the first 8 digits of their hash. If given, runs that were trained for the other granularity do not count as missing. */
  readonly settings?: ReadonlyMap<string, RunSettings>;
}

/** All runs that were found in a folder, left out or not. */
export function allRuns({ runs, leftOut }: Survey): (FoundRun | LeftOutRun)[] {
  return [...runs, ...leftOut];
}

interface Candidate extends Pick<MissingRun, 'variant' | 'seed'> {
  /** First 8 digits. */
  readonly hash: string;
}

/**
 * The runs that should be in a table and are not: in the order of the file, or by variant and seed.
 *
 * @param rows of the sweep, of both granularities
 */
export function findMissing(
  rows: readonly SweepRow[],
  granularity: Granularity,
  { expected, found, settings }: KnownRuns,
): MissingRun[] {
  const keysOf = (some: readonly SweepRow[]) => new Set(some.map((row) => keyOf(candidateOf(row))));
  const swept = keysOf(rows.filter((row) => row.granularity === granularity));
  const sweptSomehow = keysOf(rows);
  const folders = new Map(found.map((run) => [keyOf(run.identity), run]));
  const known = [...rows.map(candidateOf), ...found.map(({ identity }) => identity)];
  const candidates = expected?.map((run) => findOlder(run, known)) ?? listCandidates(known);
  const isOther = ({ hash }: Candidate) => {
    const own = settings?.get(hash);
    return own !== undefined && (methodOf(own.regularizer).granularity ?? granularity) !== granularity;
  };
  return candidates
    .filter((candidate) => !swept.has(keyOf(candidate)) && !isOther(candidate))
    .map((candidate) => {
      const key = keyOf(candidate);
      return describe(candidate, folders.get(key), sweptSomehow.has(key));
    });
}

/** `Missing: l1 seeds 0 and 2 (not trained), none seed 1 (failed: the loss at step 3 is NaN)`; nothing if none is. */
export function describeMissing(missing: readonly MissingRun[]): string[] {
  if (missing.length === 0) return [];
  const groups = groupBy(missing, ({ variant, state, reason }) => JSON.stringify([variant, state, reason]));
  const words = [...groups.values()].map((runs) => {
    const [first] = runs as [MissingRun];
    const seeds = `${runs.length === 1 ? 'seed' : 'seeds'} ${runs.map(({ seed }) => seed).join(', ')}`;
    return `${first.variant} ${seeds} (${first.state}${first.reason === undefined ? '' : `: ${first.reason}`})`;
  });
  return [`Missing: ${words.join('; ')}.`];
}

/** Earlier versions gave runs on the user's own images another hash: a run that is there under it is not missing. */
function findOlder({ variant, seed, hash, settings }: RunSpec, known: readonly Candidate[]): Candidate {
  const candidate = { variant, seed, hash: hash.slice(0, 8) };
  if (settings.dataset.path === undefined) return candidate;
  const alike = known.filter((run) => run.variant === variant && run.seed === seed);
  return alike.find((run) => run.hash === candidate.hash) ?? alike[0] ?? candidate;
}

/** @param isSwept at the other granularity */
function describe(
  { variant, seed }: Candidate,
  run: KnownRuns['found'][number] | undefined,
  isSwept: boolean,
): MissingRun {
  const named = { variant, seed };
  if (run === undefined) return { ...named, state: isSwept ? 'not swept' : 'not trained' };
  // Why that is, commands and reports tell in a sentence of its own.
  if (isLeftOut(run)) return { ...named, state: run.state };
  if (run.state === 'done') return { ...named, state: 'not swept' };
  const condition = conditionOf(run.directory);
  return {
    ...named,
    state: condition.kind,
    ...(condition.kind === 'failed' && { reason: condition.reason }),
  };
}

/** The runs that are known, and for each variant the seeds that another has, with whatever settings. */
function listCandidates(known: readonly Candidate[]): Candidate[] {
  const seeds = [...new Set(known.map(({ seed }) => seed))];
  const firsts = new Map(known.toReversed().map((run) => [run.variant, run]));
  const isKnown = new Set(known.map(({ variant, seed }) => JSON.stringify([variant, seed])));
  const gaps = [...firsts.values()].flatMap(({ variant, hash }) =>
    seeds
      .filter((seed) => !isKnown.has(JSON.stringify([variant, seed])))
      .map((seed) => ({ variant, seed, hash })),
  );
  const all = new Map([...known, ...gaps].map((run) => [keyOf(run), run]));
  return [...all.values()].toSorted(
    (a, b) => compareNaturally(a.variant, b.variant) || a.seed - b.seed || compareNaturally(a.hash, b.hash),
  );
}

function candidateOf(row: SweepRow): Candidate {
  return { variant: row.variant, seed: row.seed, hash: settingsHashOf(row) };
}

function keyOf({ variant, seed, hash }: Candidate): string {
  return runId({ variant, seed, hash });
}
