/** @file Runs on the user's own images that earlier versions trained: their hashes have the path in the place of the images. */
import { existsSync, realpathSync } from 'node:fs';
import type { RunSpec } from '../config/experiment.ts';
import type { RunSettings } from '../config/schema.ts';
import { shortFingerprint } from '../data/fingerprint.ts';
import { UserError } from '../errors.ts';
import { runDirectory } from '../runs/directory.ts';
import { findRunSettings, readTrainedData } from '../runs/run-settings.ts';
import { type RunPlace, walkResults } from '../runs/walk.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { printLine } from '../terminal/progress.ts';
import { identifyIfPresent } from './data-identity.ts';

/**
 * Replaces runs that are there under the hash that an earlier version gave them, trained on the same images. A line tells
 * where a run has the settings of one that is there, and other images.
 *
 * @param runs with the fingerprints of their images
 */
export async function adoptRuns(runs: readonly RunSpec[], results: string): Promise<RunSpec[]> {
  const adopted: RunSpec[] = [];
  const others = new Map<string, string>();
  for (const run of runs) {
    const { path, fingerprint } = run.settings.dataset;
    const isOwn = path !== undefined && fingerprint !== undefined;
    const found =
      isOwn && !existsSync(runDirectory(results, run))
        ? await findAlike(run, path, fingerprint, results)
        : [];
    const same = found.find(({ trained }) => trained === fingerprint);
    adopted.push(same === undefined || path === undefined ? run : { ...same.spec, imagesPath: path });
    const [other] = found;
    if (same !== undefined || other === undefined || !isOwn) continue;
    const which = other.trained === undefined ? 'which are not in sight' : shortFingerprint(other.trained);
    others.set(
      `the images in ${path} (fingerprint ${shortFingerprint(fingerprint)}) are others than those`,
      `${run.experiment}/${other.spec.id} was trained on (${which})`,
    );
  }
  for (const [images, run] of others) printLine(`${images} that ${run}: these are runs of their own`);
  return adopted;
}

interface AlikeRun {
  readonly spec: RunSpec;
  /** Fingerprint of the images that it was trained on; nothing if it is not known. */
  readonly trained: string | undefined;
}

/** The runs whose settings differ from a run's in their images alone. */
async function findAlike(
  run: RunSpec,
  path: string,
  fingerprint: string,
  results: string,
): Promise<AlikeRun[]> {
  const found: AlikeRun[] = [];
  for (const { identity, directory } of walkResults(results, [run.experiment]).places) {
    if (identity.variant !== run.variant || identity.seed !== run.seed) continue;
    const spec = readAlike({ identity, directory }, run);
    if (spec === undefined) continue;
    const trained: string | undefined =
      spec.settings.dataset.fingerprint ?? (await identifyTrained(directory, path, fingerprint));
    found.push({ spec, trained });
  }
  return found;
}

/** @returns nothing if the run in that place has other settings */
function readAlike({ identity, directory }: RunPlace, run: RunSpec): RunSpec | undefined {
  const spec = findRunSettings(directory);
  const isOwn =
    spec?.seed === run.seed && spec.variant === run.variant && spec.hash.startsWith(identity.hash);
  return isOwn && withoutImages(spec.settings) === withoutImages(run.settings) ? spec : undefined;
}

function withoutImages({ dataset, ...rest }: RunSettings): string {
  const { path, fingerprint: _, ...images } = dataset;
  return JSON.stringify({ ...rest, dataset: { ...images, isOwn: path !== undefined } });
}

/** Of a run whose hash has a path: what was noted of its images, else what lies under that path now. */
async function identifyTrained(
  directory: string,
  path: string,
  fingerprint: string,
): Promise<string | undefined> {
  try {
    const trained = readTrainedData(directory);
    if (trained.fingerprint !== undefined || trained.path === undefined) return trained.fingerprint;
    return isSameFolder(trained.path, path) ? fingerprint : await identifyIfPresent(trained, startFetchStage);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function isSameFolder(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}
