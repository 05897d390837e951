/** @file What you get, as a section of an experiment: a table for each granularity, with one note for all. */
import { formatPercent, formatRate } from '../format.ts';
import type { Gain, GranularityGains } from './gains.ts';
import { type Html, html } from './html.ts';

/** @param evaluation ` (dense)` where a page shows other evaluations, too, else nothing */
export function renderGains(all: readonly GranularityGains[], evaluation: string): Html {
  const told = all.filter(({ gains }) => gains.length > 0);
  if (told.length === 0) return html``;
  return html`<h3>What you get${evaluation}</h3>
<p class="hint">${describeCosts(told.flatMap(({ gains }) => gains))}</p>
${told.map((one) => renderTable(one, evaluation))}`;
}

/** What the numbers of the tables are. */
function describeCosts(gains: readonly Gain[]): Html {
  const counted = html`multiply-adds are those of prunable layers whose entry is not zero, as the sweep counts them`;
  const unmeasured = gains.filter(({ measured }) => measured === undefined).length;
  if (unmeasured === gains.length)
    return html`Multiply-adds are given as the share that is left: ${counted}. <code>td measure</code> adds bytes and time.`;
  return html`Costs are those of the exported network, with the share of the whole one; of pruned weights the bytes are those of the file without zeros.
Times are medians of onnxruntime on the machine that measured them.${unmeasured > 0 && html` Networks without bytes were not measured by <code>td measure</code>: their ${counted}.`}`;
}

function renderTable({ gains, granularity }: GranularityGains, evaluation: string): Html {
  const title = `The smallest network within one point of the whole one, ${granularity}s pruned${evaluation}`;
  const isMeasured = gains.some(({ measured }) => measured !== undefined);
  const columns = [
    ...['method', 'pruned', 'accuracy', 'nothing pruned', 'multiply-adds'],
    ...(isMeasured ? ['bytes', '1 image', '128 images'] : []),
  ];
  const rows = gains.map(
    (gain) =>
      html`<tr><th scope="row">${gain.heading}</th>${listFields(gain, isMeasured).map((field) => html`<td>${field}</td>`)}</tr>`,
  );
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${title}"><table>
<caption>${title}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows}</tbody>
</table></div>`;
}

/** Behind the name of the method. */
function listFields(gain: Gain, isMeasured: boolean): string[] {
  const { dense, accuracy, rate, measured, multiplyAddsShare } = gain;
  const fields = [formatRate(rate), formatPercent(accuracy), formatPercent(dense)];
  if (measured === undefined) {
    const share = Number.isFinite(multiplyAddsShare) ? formatShare(multiplyAddsShare) : '';
    return [...fields, share, ...(isMeasured ? ['', '', ''] : [])];
  }
  const { smallest, dense: whole } = measured;
  const of = (part: number, all: number, text: string) => `${text} (${formatShare(part / all)})`;
  const count = (number: number) => Math.round(number).toLocaleString('en-US');
  const time = (milliseconds: number) => `${milliseconds.toPrecision(3)} ms`;
  return [
    ...fields,
    of(smallest.multiplyAdds, whole.multiplyAdds, count(smallest.multiplyAdds)),
    of(smallest.bytes, whole.bytes, count(smallest.bytes)),
    of(smallest.one, whole.one, time(smallest.one)),
    of(smallest.many, whole.many, time(smallest.many)),
  ];
}

function formatShare(share: number): string {
  return formatRate(Number(share.toFixed(3)));
}
