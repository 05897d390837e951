/** @file Where PyTorch is installed for the benchmark, and whether it is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { cacheFolder } from '../../../src/files/cache-folder.ts';
import { readJson } from '../../../src/files/json.ts';

/** The PyTorch by which td is measured. */
export const PINNED_VERSION = '2.15.0';

/** A virtual environment in td's own cache folder. */
export function pytorchFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(environment), 'bench', 'pytorch');
}

/** Written last, before the folder gets its name: what has it is whole. */
export const RECORD_NAME = 'installation.json';

const recordSchema = z.strictObject({
  /** Where it was installed, as Node names it: `linux-x64`. A cache folder may be shared by machines of several kinds. */
  platform: z.string(),
  /** As PyTorch itself says: `2.15.0+cu132`. */
  torch: z.string(),
});
export type InstallationRecord = z.output<typeof recordSchema>;

export interface PytorchInstallation {
  readonly folder: string;
  /** The interpreter that has it. */
  readonly python: string;
  readonly torch: string;
}

/** @returns nothing where it is not installed, or was for another version of td or another kind of machine */
export function locatePytorch(environment: NodeJS.ProcessEnv = process.env): PytorchInstallation | undefined {
  const folder = pytorchFolder(environment);
  const record = readRecord(folder);
  const python = pythonIn(folder);
  if (record?.platform !== `${process.platform}-${process.arch}` || !existsSync(python)) return undefined;
  return isPinned(record.torch) ? { folder, python, torch: record.torch } : undefined;
}

function readRecord(folder: string): InstallationRecord | undefined {
  try {
    return readJson(join(folder, RECORD_NAME), recordSchema);
  } catch {
    return undefined;
  }
}

export function pythonIn(folder: string): string {
  return process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}

/** `2.15.0` or `2.15.0+cu132`, which names the CUDA that it was built for. */
export function isPinned(torch: string): boolean {
  return torch.split('+')[0] === PINNED_VERSION;
}
