/** @file A folder with folders around it, which no input may change. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TINY } from '../cli/td.ts';
import { writeResults } from '../figures/results-folder.ts';

const CONFIGS = join(import.meta.dirname, '../../configs');

export interface Surroundings {
  /** Three folders deep, so that `../..` still leads to where it is seen. */
  readonly work: string;
  /** Path, size and time of everything within and around. */
  list(): string[];
  remove(): void;
}

/** @param hasResults whether `results` holds an experiment `few`, trained and swept, and `few.yaml` that names it */
export function makeSurroundings({ hasResults }: { readonly hasResults: boolean }): Surroundings {
  const outer = mkdtempSync(join(tmpdir(), 'td-fuzz-'));
  const work = join(outer, 'a/b/work');
  mkdirSync(work, { recursive: true });
  for (const folder of ['', 'a', 'a/b', 'a/b/work']) writeFileSync(join(outer, folder, 'file.txt'), 'text');
  writeFileSync(join(work, 'tiny.yaml'), TINY);
  writeFileSync(join(work, 'empty.yaml'), '');
  mkdirSync(join(work, 'folder.yaml'));
  cpSync(CONFIGS, join(work, 'configs'), { recursive: true });
  if (hasResults) writeResults(join(work, 'results'));
  return {
    work,
    list: () => listAll(outer),
    remove: () => rmSync(outer, { recursive: true, force: true }),
  };
}

function listAll(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name));
      return `${name} ${size} ${mtimeMs}`;
    });
}
