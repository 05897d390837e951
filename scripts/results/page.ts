/** @file Makes docs/results.md and its figures from committed sweeps: every number, order and verdict in its text is computed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { listFaults } from '../../src/tables/paper/published-faults.ts';
import { Baselines } from './baselines.ts';
import { renderCell, renderRank } from './cells.ts';
import { countVerdicts, renderClaims, renderComparisons } from './claim-tables.ts';
import { type Claim, evaluation, readClaims } from './claims.ts';
import { type JudgedClaim, judgeClaims } from './judge.ts';
import { describeScale, describeUntrained, renderTrained } from './scale.ts';
import { describeSeedCorrelation } from './seed-correlation.ts';
import { drawSweep, figureNameOf, renderSweep, type TablePlace } from './sweep-tables.ts';

const ROOT = join(import.meta.dirname, '../..');

export const PAGE = join(ROOT, 'docs/results.md');
export const README = join(ROOT, 'README.md');
export const BASELINE = join(ROOT, 'results/baseline');

/** Beside the page. */
export const FIGURES = 'figures';

const TEMPLATE = join(import.meta.dirname, 'page.md');

/** `{{cell mnist-mlp weight none 0.9}}`: a name and its arguments. */
const PLACEHOLDER = /\{\{(?<name>[a-z-]+)(?<rest>[^{}]*)\}\}/g;

/** `mnist-mlp weight`, `quick-cifar-resnet unit paper recalibrated, beside the paper` */
const TABLE =
  /^(?<experiment>[a-z0-9._-]+) (?<granularity>weight|unit)( (?<view>[a-z ]+?))?(?<paper>, beside the paper)?$/;

/** What the page is made of. */
export interface Sources {
  readonly template: string;
  readonly claims: readonly Claim[];
  readonly baselines: Baselines;
}

/** @param folder of the sweeps */
export function readSources(folder = BASELINE): Sources {
  return {
    template: readFileSync(TEMPLATE, 'utf8'),
    claims: readClaims(),
    baselines: new Baselines(folder),
  };
}

/**
 * The template with each placeholder replaced.
 *
 * @throws Error if a placeholder is malformed, or names a claim or a variant that there is not
 * @throws UserError if a sweep is malformed
 */
export function renderPage({ template, claims, baselines }: Sources): string {
  const judged = judgeClaims(claims, baselines);
  const ofSource = (source: string) =>
    judged.filter(({ claim }) => (claim.place !== undefined) === (source === 'paper'));
  const renderers: Readonly<Record<string, (rest: string) => string>> = {
    lacking: () => describeScale(baselines).lacking,
    scale: () => describeScale(baselines).trained,
    trained: () => renderTrained(baselines),
    untrained: (experiment) => describeUntrained(experiment, baselines),
    claims: (source) => renderClaims(ofSource(source)),
    counts: (source) => countVerdicts(ofSource(source)),
    comparisons: () => renderComparisons(judged),
    claim: (id) => nameVerdict(judged, id),
    table: (place) => renderSweep(parseTable(place), baselines, FIGURES),
    cell: (place) => renderCell(place, baselines),
    rank: (place) => renderRank(place, baselines),
    correlation: (experiment) => describeSeedCorrelation(baselines.find(experiment)?.rows ?? []),
    faults: () =>
      listFaults()
        .map((sentence) => `* ${sentence}`)
        .join('\n'),
  };
  return template.replace(PLACEHOLDER, (placeholder, ...matched) => {
    const { name, rest } = matched.at(-1) as { name: string; rest: string };
    const render = renderers[name];
    if (render === undefined)
      throw new Error(`${placeholder}: unknown, expected one of ${Object.keys(renderers).join(', ')}`);
    return render(rest.trim());
  });
}

/** Accuracy against prune rate, for each table of the page that has a sweep: SVG by file name. */
export function drawPageFigures({ template, baselines }: Sources): ReadonlyMap<string, string> {
  const places = [...template.matchAll(PLACEHOLDER)]
    .filter(({ groups }) => groups?.name === 'table')
    .map(({ groups }) => parseTable(groups?.rest?.trim() ?? ''));
  const drawn = places.map((place) => [figureNameOf(place), drawSweep(place, baselines)] as const);
  return new Map(drawn.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** `P4, confirmed` */
function nameVerdict(judged: readonly JudgedClaim[], id: string): string {
  const found = judged.find(({ claim }) => claim.id === id);
  if (found === undefined) throw new Error(`{{claim ${id}}}: results/claims.yaml has no claim of this id`);
  return `${found.number}, ${found.verdict}`;
}

function parseTable(text: string): TablePlace {
  const { experiment, granularity, view, paper } = TABLE.exec(text)?.groups ?? {};
  if (experiment === undefined)
    throw new Error(
      `{{table ${text}}}: malformed, expected {{table NAME weight}}, and an evaluation at most`,
    );
  return {
    experiment,
    granularity: z.enum(['weight', 'unit']).parse(granularity),
    view: evaluation.parse(view ?? 'dense'),
    hasPaper: paper !== undefined,
  };
}

/** `<!-- scale -->` up to the end marker. */
const SCALE = /<!-- scale -->\n[\s\S]*?<!-- end of scale -->/;

/**
 * README.md with what was and was not trained between its markers.
 *
 * @throws Error if it has no such markers
 */
export function refreshReadme(readme: string, baselines: Baselines): string {
  if (!SCALE.test(readme)) throw new Error('README.md lacks <!-- scale --> or <!-- end of scale -->');
  const { lacking, trained } = describeScale(baselines);
  const sentence = `${lacking.replace(/\.$/, '')}; ${trained.replace(/^T/, 't')}`;
  return readme.replace(SCALE, () => `<!-- scale -->\n${sentence}\n<!-- end of scale -->`);
}
