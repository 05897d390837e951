/** @file Numbers and orders in the text of the page. */
import { formatCell, summarizeSeeds } from '../../src/tables/cell.ts';
import { escapeMarkdown } from '../../src/tables/formats/markdown.ts';
import type { Baselines, CellPlace } from './baselines.ts';
import { evaluation } from './claims.ts';

/** `mnist-mlp weight 0.9 none dense recalibrated` */
const CELL =
  /^(?<experiment>[a-z0-9._-]+) (?<granularity>weight|unit) (?<rate>[\d.]+) (?<variant>\S+)( (?<view>[a-z ]+))?$/i;
/** `mnist-mlp weight 0.9 dense recalibrated: none, targeted-weight` */
const RANK =
  /^(?<experiment>[a-z0-9._-]+) (?<granularity>weight|unit) (?<rate>[\d.]+)( (?<view>[a-z ]+))?: (?<variants>.+)$/i;

/** What stands where nothing is committed. */
const NOT_MEASURED = 'not measured';

/** `97.31 ± 0.12`, `97.31 (one seed)`, or that it is not measured. */
export function renderCell(text: string, baselines: Baselines): string {
  const groups = CELL.exec(text)?.groups;
  if (groups === undefined)
    throw new Error(
      `{{cell ${text}}}: malformed, expected an experiment, a granularity, a rate and a variant`,
    );
  return formatPlace(placeOf(groups, groups.variant ?? '', baselines), baselines)?.text ?? NOT_MEASURED;
}

/**
 * Variants with their accuracies, the highest first: `targeted(0.66, 0.75) 98.10 ± 0.11; none 96.75 ± 0.57`. Those that are not
 * measured are left out.
 */
export function renderRank(text: string, baselines: Baselines): string {
  const groups = RANK.exec(text)?.groups;
  if (groups === undefined)
    throw new Error(
      `{{rank ${text}}}: malformed, expected an experiment, a granularity, a rate, a colon and variants`,
    );
  const variants = (groups.variants ?? '').split(',').map((variant) => variant.trim());
  const cells = variants.flatMap((variant) => {
    const place = placeOf(groups, variant, baselines);
    const cell = formatPlace(place, baselines);
    const heading = baselines.headingOf(place.experiment, variant);
    return cell === undefined ? [] : [{ ...cell, heading, variant }];
  });
  if (cells.length === 0) return NOT_MEASURED;
  const isShared = (heading: string) => cells.filter((cell) => cell.heading === heading).length > 1;
  return cells
    .toSorted((a, b) => b.mean - a.mean)
    .map(({ heading, variant, text: number }) => {
      const name = isShared(heading) ? `${heading}: ${variant}` : heading;
      return `${escapeMarkdown(name)} ${number}`;
    })
    .join('; ');
}

/** @throws Error if neither the sweep nor its experiment has the variant, as where its name is mistyped */
function placeOf(
  groups: Readonly<Record<string, string | undefined>>,
  variant: string,
  baselines: Baselines,
): CellPlace {
  const { experiment = '', granularity, rate, view } = groups;
  if (!baselines.knows(experiment, variant))
    throw new Error(`${experiment} has no variant "${variant}", which the page of results names`);
  return {
    experiment,
    variant,
    granularity: granularity === 'unit' ? 'unit' : 'weight',
    rate: Number(rate),
    view: evaluation.parse(view ?? 'dense'),
  };
}

function formatPlace(place: CellPlace, baselines: Baselines): { mean: number; text: string } | undefined {
  const cell = summarizeSeeds([...baselines.accuraciesOf(place).values()]);
  if (cell === undefined) return undefined;
  return { mean: cell.mean, text: `${formatCell(cell)}${cell.seeds === 1 ? ' (one seed)' : ''}` };
}
