/** @file Finds and loads the images that a run was trained on. */

import { requireImages } from '../data/fingerprint.ts';
import { imagesKey, loadDataset } from '../data/load.ts';
import type { DatasetSettings } from '../data/registry.ts';
import type { Dataset } from '../data/types.ts';
import { getOrMake } from '../maps.ts';
import type { StartStage } from '../progress.ts';
import { identifyIfPresent, locateTrainedImages } from '../runner/data-identity.ts';
import type { FinishedRun } from '../runs/find.ts';
import { notedFingerprint, noteFingerprint, readTrainedData } from '../runs/run-settings.ts';

/** Data sets are loaded, and images identified, once each. */
export class TrainedImages {
  private readonly datasets = new Map<string, Promise<Dataset>>();
  private readonly fingerprints = new Map<string, Promise<string | undefined>>();

  constructor(private readonly startStage: StartStage) {}

  /**
   * The user's own images may have moved: they are looked for under the path that the run has, then under the other paths
   * of the experiment, and known by their fingerprint.
   *
   * @param others data sets of the experiment as its file has them now
   * @throws UserError if the images are missing, damaged, or others than the run was trained on
   */
  async load(run: FinishedRun, others: readonly DatasetSettings[]): Promise<Dataset> {
    const own = readTrainedData(run.directory);
    const { path, fingerprint: expected } = own;
    const { directory } = run;
    const owner = `${run.identity.experiment}/${run.id} was trained on`;
    if (path === undefined) {
      const dataset = await this.loadOnce(own);
      // Published images are what their hashes say; those of a plugin may be others by now.
      const noted = notedFingerprint(directory);
      requireImages({ found: dataset.fingerprint, expected: noted, path: own.name, owner, directory });
      return dataset;
    }
    const place = await locateTrainedImages(own, others, (candidate) => this.identify(candidate));
    if (place !== undefined) return this.loadOnce(place);
    const dataset = await this.loadOnce(own);
    requireImages({ found: dataset.fingerprint, expected, path, owner, directory });
    if (dataset.fingerprint !== undefined) noteFingerprint(run.directory, dataset.fingerprint);
    return dataset;
  }

  private loadOnce(settings: DatasetSettings): Promise<Dataset> {
    const wanted = { ...settings, fingerprint: undefined };
    return getOrMake(this.datasets, JSON.stringify(wanted), () => loadDataset(wanted, this.startStage));
  }

  private identify(settings: DatasetSettings): Promise<string | undefined> {
    const key = imagesKey(settings);
    return getOrMake(this.fingerprints, key, () => identifyIfPresent(settings, this.startStage));
  }
}
