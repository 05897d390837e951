/** @file The contract of a data set: what its file in `sets/` says and can do. */
import type { z } from 'zod';
import type { StartStage } from '../progress.ts';
import type { FileReport } from './files.ts';
import type { CommonSettings } from './settings.ts';
import type { Dataset, DatasetFacts } from './types.ts';

/** What is known of a data set, and how its images are loaded. */
export interface DatasetDefinition<
  Name extends string = string,
  Schema extends z.ZodType<CommonSettings> = z.ZodType<CommonSettings>,
> {
  /** As in experiment files. */
  readonly name: Name;
  /** A clause for help and documentation. */
  readonly summary: string;
  readonly settings: Schema;
  /** Most files and folders under its path whose fingerprint is kept; 1000 if absent. */
  readonly mostEntries?: number;
  /**
   * What is known without reading an image.
   *
   * @param settings the form of a user's own images may depend on them; the published images if absent
   * @throws UserError if the settings name files that are not there
   */
  describe(settings?: z.output<Schema>): DatasetFacts;
  /**
   * Loads all images, whatever the number that the settings ask for.
   *
   * @param settings with a path where the user's own files are to be read in place of the built-in ones
   * @throws UserError if a file is missing, damaged or does not fit
   */
  load(settings: z.output<Schema>, startStage: StartStage): Promise<Dataset>;
  /** Hashes every file anew: those at the path, or the built-in ones. Absent if there are no published files. */
  verify?(path: string | undefined): Promise<FileReport[]>;
  /**
   * Brings the files if they are not there yet.
   *
   * @param source which source, or a path; the data set chooses if absent
   * @returns where they came from, `cache` if they were there, `package` if they come with this program
   * @throws UserError if they cannot be had from there
   */
  fetch(source: string | undefined, startStage: StartStage): Promise<string>;
}

/** Checks a definition while its precise types are kept. */
export function defineDataset<
  const Name extends string,
  Schema extends z.ZodType<CommonSettings & { readonly name: Name }>,
>(definition: DatasetDefinition<Name, Schema>): DatasetDefinition<Name, Schema> {
  return definition;
}
