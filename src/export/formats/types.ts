/** @file The contract of a format of exported networks. */
import type { Network } from '../network.ts';

export interface ExportedFile {
  /** Below the folder of the export; of a format with one file, unused. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What is said of a network in the file itself: text under short names. */
export type Metadata = Readonly<Record<string, string>>;

export interface ExportFormat {
  readonly name: string;
  /** For lists of formats. */
  readonly summary: string;
  /** Ends the name of the file, with its dot; absent if the format is a folder of files. */
  readonly extension?: string;
  /** Whether kernels may be stored without their zeros. */
  readonly storesSparse?: boolean;
  /** Order of the axes of the input. */
  readonly layout: 'batch, channels, height, width' | 'batch, height, width, channels';
  /** @param isSparse whether kernels are stored without their zeros where that takes less room */
  encode(network: Network, metadata: Metadata, isSparse: boolean): readonly ExportedFile[];
}
