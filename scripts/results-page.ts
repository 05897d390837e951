/** @file Fills the tables of docs/results.md from committed sweeps. The text around them is written by hand. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTableSource } from '../src/cli/table-source.ts';
import { renderMarkdown } from '../src/results/formats/markdown.ts';
import { buildMethodTable } from '../src/results/method-table.ts';
import { readPublished } from '../src/results/published.ts';

const ROOT = join(import.meta.dirname, '..');

export const PAGE = join(ROOT, 'docs/results.md');
export const BASELINE = join(ROOT, 'results/baseline');

/** `<!-- table mnist-mlp weight -->`, or with `paper` for the published numbers beside ours, up to the end marker. */
const BLOCK =
  /<!-- table (?<experiment>[a-z0-9._-]+) (?<granularity>weight|unit)(?<paper> paper)? -->\n[\s\S]*?<!-- end of table -->/gi;

/**
 * The page with each table as `<experiment>.csv` has it, in the words of `td table --format md`.
 *
 * @param baseline folder of the sweeps
 * @throws Error if a marker is malformed or has no end
 * @throws UserError if a sweep is malformed
 */
export function refreshPage(page: string, baseline: string): string {
  let filled = 0;
  const refreshed = page.replace(BLOCK, (block: string, ...matched: unknown[]) => {
    filled++;
    const groups = matched.at(-1) as { experiment: string; granularity: 'weight' | 'unit'; paper?: string };
    const [marker] = block.split('\n', 1);
    return `${marker}\n\n${renderTable(baseline, groups)}\n\n<!-- end of table -->`;
  });
  const markers = page.match(/<!-- (end of )?table/g)?.length ?? 0;
  if (markers === 2 * filled) return refreshed;
  throw new Error(
    'a marker is malformed, expected <!-- table NAME weight --> or <!-- table NAME unit paper -->, each with an end',
  );
}

function renderTable(
  baseline: string,
  {
    experiment,
    granularity,
    paper,
  }: { readonly experiment: string; readonly granularity: 'weight' | 'unit'; readonly paper?: string },
): string {
  const path = join(baseline, `${experiment}.csv`);
  if (!existsSync(path)) return `*There is no committed sweep of ${experiment} yet.*`;
  const published = paper === undefined ? undefined : readPublished();
  const table = buildMethodTable({ ...readTableSource(path), granularity, published });
  return renderMarkdown([table], { width: Number.POSITIVE_INFINITY, bold: false });
}
