/** @file The tables of a report. */

import { formatPercent, formatRate } from '../format.ts';
import { makeGrid } from '../tables/formats/grid.ts';
import type { Grid, GridColumn } from '../tables/formats/types.ts';
import type { MethodTable } from '../tables/method-table.ts';
import { type Html, html } from './html.ts';
import type { Reaches } from './reach.ts';

/** A table of accuracies with its notes, in a frame that scrolls by itself where the page is narrow. */
export function renderMethodTable(table: MethodTable): Html {
  return renderGrid(makeGrid(table, 'bold:'));
}

function renderGrid({ title, rows, groups, notes }: Grid): Html {
  const columns = groups.flat();
  const row = (name: string, index: number) =>
    html`<tr><th scope="row">${name}</th>${columns.map((column) => renderField(column, index))}</tr>`;
  return frame(
    title,
    html`<table>
<caption>${title}</caption>
<thead><tr><th scope="col">pruned</th>${columns.map(({ heading }) => html`<th scope="col">${heading}</th>`)}</tr></thead>
<tbody>${rows.map(row)}</tbody>
</table>`,
    notes,
  );
}

function renderField({ fields }: GridColumn, index: number): Html {
  const field = fields[index];
  return field?.isBest ? html`<td><strong>${field.text}</strong></td>` : html`<td>${field?.text ?? ''}</td>`;
}

/**
 * How far each method can be pruned.
 *
 * @param evaluation ` (gamma)`, or nothing
 */
export function renderReach(
  { yardstick, isPlain, accuracy, methods }: Reaches,
  granularity: string,
  evaluation: string,
): Html {
  const least = isPlain ? 'plain training' : yardstick;
  const title = `How many ${granularity}s can go until accuracy is one point below ${least} (${formatPercent(accuracy)})${evaluation}`;
  const rows = methods.map(({ heading, unpruned, rate }) => {
    const reach = rate === undefined ? 'below from the start' : formatRate(rate);
    return html`<tr><th scope="row">${heading}</th>
<td>${unpruned === undefined ? '' : formatPercent(unpruned.mean)}</td>
<td class="reach"><meter min="0" max="1" value="${rate ?? 0}" aria-hidden="true"></meter> ${reach}</td></tr>`;
  });
  return frame(
    title,
    html`<table class="reaches">
<caption>${title}</caption>
<thead><tr><th scope="col">method</th><th scope="col">nothing pruned</th><th scope="col" class="reach">can lose</th></tr></thead>
<tbody>${rows}</tbody>
</table>`,
    [],
  );
}

function frame(label: string, table: Html, notes: readonly string[]): Html {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}">${table}</div>
${notes.length > 0 && html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}`;
}
