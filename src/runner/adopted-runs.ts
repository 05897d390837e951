/** @file Runs that earlier versions of td trained on the user's own images: their hash covers the path of the images, not their content. */
import { existsSync, realpathSync } from 'node:fs';
import type { RunSpec } from '../config/experiment.ts';
import type { RunSettings } from '../config/schema.ts';
import { shortFingerprint } from '../data/fingerprint.ts';
import type { DatasetSettings } from '../data/registry.ts';
import { UserError } from '../errors.ts';
import { runDirectory } from '../runs/directory.ts';
import { findRunSettings, readTrainedData } from '../runs/run-settings.ts';
import { type RunPlace, walkResults } from '../runs/walk.ts';

export interface AdoptedRuns {
  readonly runs: RunSpec[];
  /** Sentences on runs of which others with the same settings are there, trained on other images. */
  readonly remarks: string[];
}

/**
 * Replaces each run that an earlier version trained on the same images by the run that it left, with the hash that it gave it.
 *
 * @param runs with the fingerprints of their images
 * @param identify says which images lie in a place, by their fingerprint; nothing if none do
 */
export async function adoptRuns(
  runs: readonly RunSpec[],
  results: string,
  identify: (dataset: DatasetSettings) => Promise<string | undefined>,
): Promise<AdoptedRuns> {
  const adopted: RunSpec[] = [];
  const remarks = new Map<string, string>();
  for (const asked of runs) {
    // Each comes behind the one that it goes on from.
    const index = runs.findIndex(
      ({ experiment, id }) => experiment === asked.experiment && id === asked.parent?.id,
    );
    const parent = adopted[index];
    const run = parent === undefined ? asked : { ...asked, parent };
    const { path, fingerprint } = run.settings.dataset;
    if (path === undefined || fingerprint === undefined || existsSync(runDirectory(results, run))) {
      adopted.push(run);
      continue;
    }
    const found: AlikeRun[] = [];
    for (const place of findAlike(run, results))
      found.push({ ...place, trained: await identifyTrained(place, { path, fingerprint }, identify) });
    const same = found.find(({ trained }) => trained === fingerprint);
    adopted.push(same === undefined ? run : { ...same.spec, imagesPath: path });
    const [other] = found;
    if (same !== undefined || other === undefined) continue;
    const which = other.trained === undefined ? 'which are not in sight' : shortFingerprint(other.trained);
    // One sentence for all runs on the same images.
    remarks.set(
      `the images in ${path} (fingerprint ${shortFingerprint(fingerprint)}) are others than those`,
      `${run.experiment}/${other.spec.id} was trained on (${which})`,
    );
  }
  const sentences = [...remarks].map(([images, run]) => `${images} that ${run}: these are runs of their own`);
  return { runs: adopted, remarks: sentences };
}

interface AlikePlace {
  readonly spec: RunSpec;
  readonly directory: string;
}

interface AlikeRun extends AlikePlace {
  /** Fingerprint of the images that it was trained on; nothing if it is not known. */
  readonly trained: string | undefined;
}

/** The runs whose settings differ from a run's in their images alone. */
function findAlike(run: RunSpec, results: string): AlikePlace[] {
  return walkResults(results, [run.experiment]).places.flatMap(({ identity, directory }) => {
    if (identity.variant !== run.variant || identity.seed !== run.seed) return [];
    const spec = readAlike({ identity, directory }, run);
    return spec === undefined ? [] : [{ spec, directory }];
  });
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

/** The fingerprint of the images that a run was trained on: as its folder notes it, else of what lies under its path now. */
async function identifyTrained(
  { spec, directory }: AlikePlace,
  own: { readonly path: string; readonly fingerprint: string },
  identify: (dataset: DatasetSettings) => Promise<string | undefined>,
): Promise<string | undefined> {
  if (spec.settings.dataset.fingerprint !== undefined) return spec.settings.dataset.fingerprint;
  try {
    const trained = readTrainedData(directory);
    if (trained.fingerprint !== undefined || trained.path === undefined) return trained.fingerprint;
    return isSameFolder(trained.path, own.path) ? own.fingerprint : await identify(trained);
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
