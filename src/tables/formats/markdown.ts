/** @file Tables for Markdown pages: GitHub's pipe tables. */
import { makeGrid } from './grid.ts';
import type { Field, Grid, Renderer } from './types.ts';

export const renderMarkdown: Renderer = (tables) =>
  tables.map((table) => formatGrid(makeGrid(table, 'bold:'))).join('\n\n');

function formatGrid({ title, rows, groups, notes }: Grid): string {
  const columns = groups.flat();
  const lines = [
    ['pruned', ...columns.map(({ heading }) => escapeMarkdown(heading))],
    ['---:', ...columns.map(() => '---:')],
    ...rows.map((row, index) => [row, ...columns.map(({ fields }) => formatField(fields[index]))]),
  ].map((cells) => `| ${cells.join(' | ')} |`);
  const list = notes.length === 0 ? [] : [notes.map((note) => `* ${escapeMarkdown(note)}`).join('\n')];
  return [escapeMarkdown(title), lines.join('\n'), ...list].join('\n\n');
}

function formatField(field: Field | undefined): string {
  const text = escapeMarkdown(field?.text ?? '');
  return field?.isBest ? `**${text}**` : text;
}

/** Keeps what Markdown would read as markup, a cell's end or a line's end as it is. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>|~]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
}
