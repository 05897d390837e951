/** @file Where what was submitted to Slurm lies. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Folder in the results folder with a folder for each plan that was submitted. */
export const SLURM_FOLDER = 'slurm';

/** Whether anything was submitted from a results folder. */
export function hasSubmissions(results: string): boolean {
  return existsSync(join(results, SLURM_FOLDER));
}
