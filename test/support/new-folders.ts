/** @file Results in folders that are not there yet: td itself makes a folder once, when it begins to work in it. */
import { dirname } from 'node:path';
import { makeDirectory } from '../../src/files/directories.ts';
import { runDirectory } from '../../src/runs/directory.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { writeSweep } from '../../src/sweeps/rows.ts';

/** As a training does once its lock has made the folder. @returns the folder */
export function openNewRun(...[results, run, ...rest]: Parameters<typeof openRun>): string {
  const directory = runDirectory(results, run);
  makeDirectory(directory);
  openRun(results, run, ...rest);
  return directory;
}

export function writeNewSweep(...[path, ...rest]: Parameters<typeof writeSweep>): void {
  makeDirectory(dirname(path));
  writeSweep(path, ...rest);
}
