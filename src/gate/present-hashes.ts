/** @file Which settings an experiment has now, so that the gate knows rows of other settings. */
import { loadExperiment } from '../config/load.ts';
import { linkParents } from '../config/variants.ts';
import type { StartStage } from '../progress.ts';
import { identifyImages } from '../runner/data-identity.ts';

/**
 * @param argument file of an experiment; what is no such file says nothing of settings
 * @param startStage called when the user's own images have to be read
 * @returns the first 8 digits of the hash of each variant's settings; nothing if no file is named
 * @throws UserError if the file is malformed, or images under a variant's own path are missing
 */
export async function hashPresentSettings(
  argument: string,
  startStage: StartStage,
): Promise<ReadonlyMap<string, string> | undefined> {
  if (!/\.ya?ml$/i.test(argument)) return undefined;
  const { variants } = await identifyImages(loadExperiment(argument), startStage);
  return new Map(linkParents(variants).map(({ name, hash }) => [name, hash.slice(0, 8)] as const));
}
