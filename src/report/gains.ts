/** @file What you get: for each method the smallest network that is as accurate as its whole one, within a point, and its costs. */
import type { MeasureRow } from '../export/measure-rows.ts';
import { findMeasure } from '../export/measure-rows.ts';
import type { MethodRuns } from '../figures/group-methods.ts';
import { formatPercent, formatRate } from '../format.ts';
import type { Granularity } from '../pruning/types.ts';
import { isPlain, type SweepRow } from '../sweeps/rows.ts';
import { summarizeSeeds } from '../tables/cell.ts';
import { type Html, html } from './html.ts';
import { TOLERANCE } from './reach.ts';

export interface Gain {
  readonly heading: string;
  /** Share of the test images that the network with nothing pruned classifies correctly, and the smallest one. */
  readonly dense: number;
  readonly accuracy: number;
  /** Prune rate of the smallest. */
  readonly rate: number;
  /** Means over the seeds that were measured, of the exported network; absent where none was. */
  readonly measured?: { readonly smallest: Costs; readonly dense: Costs };
  /** Share of the multiply-adds of prunable layers whose entry is not zero, as the sweep counts them. */
  readonly multiplyAddsShare: number;
}

interface Costs {
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly multiplyAdds: number;
  /** Milliseconds for one image and for 128. */
  readonly one: number;
  readonly many: number;
}

/** Methods that were not evaluated with nothing pruned are left out. */
export function collectGains(
  methods: readonly MethodRuns[],
  granularity: Granularity,
  measures: readonly MeasureRow[],
): Gain[] {
  return methods.flatMap(({ heading, rows }): Gain[] => {
    const own = rows.filter((row) => row.granularity === granularity && isPlain(row));
    const at = (rate: number): SweepRow[] => own.filter(({ pruneRate }) => pruneRate === rate);
    const meanAt = (rate: number) => summarizeSeeds(at(rate).map(({ accuracy }) => accuracy))?.mean;
    const dense = meanAt(0);
    if (dense === undefined) return [];
    const rates = [...new Set(own.map(({ pruneRate }) => pruneRate))].toSorted((a, b) => a - b);
    // As everywhere in the report the first fall counts: a network that recovers at a higher rate does so by chance.
    const firstFall = rates.findIndex((rate) => (meanAt(rate) ?? 0) < dense - TOLERANCE);
    const rate = rates[firstFall < 0 ? rates.length - 1 : firstFall - 1] ?? 0;
    const [smallest, whole] = [rate, 0].map((one) =>
      costsOf(at(one).flatMap((row) => findMeasure(measures, row.runId, granularity, one) ?? [])),
    );
    const shares = at(rate).map((row) => row.multiplyAddsKept / row.multiplyAddsTotal);
    return [
      {
        ...{ heading, dense, rate, accuracy: meanAt(rate) ?? dense },
        multiplyAddsShare: summarizeSeeds(shares)?.mean ?? Number.NaN,
        ...(smallest && whole ? { measured: { smallest, dense: whole } } : {}),
      },
    ];
  });
}

function costsOf(rows: readonly MeasureRow[]): Costs | undefined {
  if (rows.length === 0) return undefined;
  const meanOf = (numberOf: (row: MeasureRow) => number): number =>
    rows.reduce((sum, row) => sum + numberOf(row), 0) / rows.length;
  return {
    bytes: meanOf((row) => (row.granularity === 'weight' ? row.sparseBytes : row.bytes)),
    gzipBytes: meanOf(({ gzipBytes }) => gzipBytes),
    multiplyAdds: meanOf(({ multiplyAdds }) => multiplyAdds),
    one: meanOf(({ median1 }) => median1),
    many: meanOf(({ median128 }) => median128),
  };
}

/** A table with a row a method. */
export function renderGains(gains: readonly Gain[], granularity: Granularity): Html {
  if (gains.length === 0) return html``;
  const title = `What you get: the smallest network within one point of the whole one, ${granularity}s pruned`;
  const isMeasured = gains.some(({ measured }) => measured !== undefined);
  const of = (part: number, whole: number, text: string) =>
    `${text} (${formatRate(Number((part / whole).toFixed(3)))})`;
  const columns = ['method', 'pruned', 'accuracy', 'nothing pruned', 'multiply-adds', ...(isMeasured ? ['bytes', '1 image', '128 images'] : [])]; // biome-ignore format: one row
  const rows = gains.map(({ heading, dense, accuracy, rate, measured, multiplyAddsShare }) => {
    const share = Number.isFinite(multiplyAddsShare) ? formatRate(Number(multiplyAddsShare.toFixed(3))) : '';
    const { smallest, dense: whole } = measured ?? {};
    const costs =
      smallest === undefined || whole === undefined
        ? ['', '', '']
        : [
            of(smallest.bytes, whole.bytes, Math.round(smallest.bytes).toLocaleString('en-US')),
            of(smallest.one, whole.one, `${smallest.one.toPrecision(3)} ms`),
            of(smallest.many, whole.many, `${smallest.many.toPrecision(3)} ms`),
          ];
    const multiplyAdds =
      smallest === undefined || whole === undefined
        ? share
        : of(smallest.multiplyAdds, whole.multiplyAdds, Math.round(smallest.multiplyAdds).toLocaleString('en-US')); // biome-ignore format: one line
    const fields = [formatRate(rate), formatPercent(accuracy), formatPercent(dense), multiplyAdds];
    return html`<tr><th scope="row">${heading}</th>${[...fields, ...(isMeasured ? costs : [])].map((field) => html`<td>${field}</td>`)}</tr>`;
  });
  const counted = html`multiply-adds are those of prunable layers whose entry is not zero, as the sweep counts them`;
  const isPartial = isMeasured && gains.some(({ measured }) => measured === undefined);
  const note = isMeasured
    ? html`<p>Costs are those of the exported network, with the share of the whole one; of pruned weights the bytes are those of the file without zeros. Times are medians of onnxruntime on the machine that measured them.${isPartial && html` Networks without bytes were not measured by <code>td measure</code>: their ${counted}.`}</p>`
    : html`<p>Here ${counted}. <code>td measure</code> adds bytes and time.</p>`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${title}"><table>
<caption>${title}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows}</tbody>
</table></div>
${note}`;
}
