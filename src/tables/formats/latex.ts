/** @file Tables for LaTeX: a table environment that needs no package. */
import { makeGrid } from './grid.ts';
import type { Field, Grid, Renderer } from './types.ts';

/** What text mode would read as a command, or has no sign for. */
const SPECIAL: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '$<$',
  '>': '$>$',
  '|': '$|$',
  '"': "''",
  '±': '$\\pm$',
  '×': '$\\times$',
};

export const renderLatex: Renderer = (tables) =>
  tables.map((table) => formatGrid(makeGrid(table, 'bold:'))).join('\n\n');

function formatGrid({ title, rows, groups, notes }: Grid): string {
  const columns = groups.flat();
  const toLine = (cells: readonly string[]) => `${cells.join(' & ')} \\\\`;
  return [
    '\\begin{table}',
    '\\centering',
    `\\caption{${escapeLatex(title)}}`,
    `\\begin{tabular}{r|${groups.map((group) => 'r'.repeat(group.length)).join('|')}}`,
    '\\hline',
    toLine(['pruned', ...columns.map(({ heading }) => escapeLatex(heading))]),
    '\\hline',
    ...rows.map((row, index) =>
      toLine([escapeLatex(row), ...columns.map(({ fields }) => formatField(fields[index]))]),
    ),
    '\\hline',
    '\\end{tabular}',
    ...(notes.length === 0
      ? []
      : [
          '\\begin{itemize}',
          '\\footnotesize',
          ...notes.map((note) => `\\item ${escapeLatex(note)}`),
          '\\end{itemize}',
        ]),
    '\\end{table}',
  ].join('\n');
}

function formatField(field: Field | undefined): string {
  // A hyphen in text is no minus.
  const text = escapeLatex(field?.text ?? '').replace(/^-/, '$-$');
  return field?.isBest ? `\\textbf{${text}}` : text;
}

/** Keeps every character as it is in text mode, in one pass, since what stands for one holds others. */
function escapeLatex(text: string): string {
  return text.replace(/[\\~^<>|"±×#$%&_{}]/g, (character) => SPECIAL[character] ?? `\\${character}`);
}
