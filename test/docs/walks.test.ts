/** @file The walks of docs/internals.md, held against the sources. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The part of a page below a heading, up to the next one. */
function section(page: string, heading: string): string {
  const [, text = ''] = read(page).split(`\n## ${heading}\n`);
  return text.split('\n## ')[0] ?? '';
}

/** The file that each numbered line begins with, or names first; a bare name lies in the folder given. */
function filesOf(text: string, folder: string): string[] {
  const steps = text.split('\n').filter((line) => /^\d+\. /.test(line));
  return steps.map((step) => {
    const name = /`([\w/.-]+\.ts)`/.exec(step)?.[1] ?? '';
    return name.startsWith('src/') ? name : `${folder}/${name}`;
  });
}

describe('the walk of targetRate', () => {
  const files = filesOf(
    section('docs/internals.md', 'A walk: from `targetRate` in an experiment to the mask of a step'),
    'src',
  );

  it('passes through twelve files that are there', () => {
    expect(files).toHaveLength(12);
    for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true);
  });

  it('names the setting in no other file of methods than the one that defines it and the one that uses it', () => {
    const users = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && read(`src/${path}`).includes('targetRate'))
      .filter((path) => !/methods\/(?!targeted\/)[\w-]+\//.test(path));
    expect(users.sort()).toEqual([
      'figures/collect-weights.ts',
      // Layers for models of tfjs have the setting under the same name.
      'library/functions.ts',
      'library/layers.ts',
      'methods/definition.ts',
      'methods/targeted/regularizer.ts',
      'methods/targeted/settings.ts',
      // A sentence about targeting rates that a sweep does not show.
      'methods/warnings.ts',
      // What every sweep has among its rates.
      'sweeps/target-rates.ts',
    ]);
  });
});

describe('the walk of --prune', () => {
  const files = filesOf(
    section('docs/internals.md', 'src/sweeps: from trained runs to sweep.csv'),
    'src/sweeps',
  );

  it('passes through five files that are there, each of which calls the rates by one name', () => {
    expect(files).toHaveLength(5);
    for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true);
    const silent = files.filter((file) => !/pruneRate/i.test(read(file)));
    expect(silent).toEqual([]);
  });
});
