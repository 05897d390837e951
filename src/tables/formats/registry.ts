/** @file Formats of tables by name. */
import { renderCsv } from './csv.ts';
import { renderJson } from './json.ts';
import { renderLatex } from './latex.ts';
import { renderMarkdown } from './markdown.ts';
import { renderText } from './text.ts';
import type { Renderer } from './types.ts';

export const RENDERERS = {
  text: renderText,
  csv: renderCsv,
  md: renderMarkdown,
  latex: renderLatex,
  json: renderJson,
} as const satisfies Readonly<Record<string, Renderer>>;

export type FormatName = keyof typeof RENDERERS;
