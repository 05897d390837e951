/** @file Where TensorFlow is installed. */
import { existsSync } from 'node:fs';

export interface TensorflowInstallation {
  readonly folder: string;
  /** Path of the compiled native module (.node). */
  readonly addon: string;
  readonly version: string;
  readonly libraries: string;
  readonly build: 'cpu' | 'gpu';
}

export function locateTensorflow(): TensorflowInstallation | { readonly reason: string } {
  const addon = process.env.TD_TENSORFLOW_ADDON ?? '';
  if (!existsSync(addon)) return { reason: 'TensorFlow is not installed; td engines install tensorflow' };
  return { folder: '', addon, version: '2.21.0', libraries: '', build: 'cpu' };
}
