/** @file The calls of td that pages for users show: in lines to be copied, and between backquotes in a sentence. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from '../../src/cli/commands.ts';

export const ROOT = join(import.meta.dirname, '../..');

/** Pages, and the headers of experiments and examples. */
export const PAGES: readonly string[] = [
  ...['README.md', 'SECURITY.md', 'results/README.md', 'results/baseline/README.md'],
  ...filesBelow('docs', '.md'),
  ...filesBelow('configs', '.yaml'),
  'examples/Dockerfile',
];

function filesBelow(folder: string, ending: string): string[] {
  const paths = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  // docs/api is made by TypeDoc.
  const own = paths.filter((path) => path.endsWith(ending) && !path.startsWith('api'));
  return own.map((path) => `${folder}/${path.replaceAll('\\', '/')}`).sort();
}

export interface Shown {
  /** `README.md:49` */
  readonly place: string;
  readonly text: string;
}

export interface Call extends Shown {
  /** What follows `td`. */
  readonly words: readonly string[];
  /** A sentence may name a command or flag without what it needs. */
  readonly isMention: boolean;
}

/** All calls of td on a page. */
export function listCalls(page: string): Call[] {
  if (!page.endsWith('.md')) return listHeader(page).flatMap((shown) => callsOf(shown, false));
  return [
    ...listLines(page).flatMap((shown) => callsOf(shown, false)),
    ...listSpans(page).flatMap((shown) => callsOf(shown, true)),
  ];
}

/** Lines of a page that stand alone, to be copied into a shell. */
export function listLines(page: string): Shown[] {
  return linesOf(page)
    .filter(({ isCode }) => isCode)
    .map(({ place, text }) => ({ place, text: text.trim() }));
}

/** What stands between backquotes, also where it goes on in the next line. */
function listSpans(page: string): Shown[] {
  const lines = linesOf(page).map(({ isCode, text }) => (isCode ? '' : text));
  return [...lines.join('\n').matchAll(/`([^`]+)`/g)].map(({ 1: text = '', index }) => ({
    place: `${page}:${lines.join('\n').slice(0, index).split('\n').length}`,
    text: text.replaceAll(/\n\s*/g, ' '),
  }));
}

/** Flags that a row of the README's table gives to the commands at its beginning: `--only none,l1`. */
export function listTableFlags(page: string): (Shown & { readonly commands: readonly string[] })[] {
  return linesOf(page).flatMap(({ place, text }) => {
    const [, first = '', second = ''] = text.split(/(?<!\\) ?\| ?/);
    const commands = [...first.matchAll(/`td ([a-z-]+)/g)].map(([, name = '']) => name);
    if (commands.length === 0) return [];
    return [...second.matchAll(/`(--[^`]+)`/g)].map(([, flag = '']) => ({ place, text: flag, commands }));
  });
}

function linesOf(page: string): (Shown & { readonly isCode: boolean })[] {
  let isFenced = false;
  return readFileSync(join(ROOT, page), 'utf8')
    .split('\n')
    .map((text, index) => {
      const isFence = text.startsWith('```');
      if (isFence) isFenced = !isFenced;
      const isCode = isFence || isFenced || /^ {4}/.test(text);
      return { place: `${page}:${index + 1}`, text, isCode };
    });
}

/** Comments of a file: what follows a colon and a space, if there is one. */
function listHeader(page: string): Shown[] {
  return linesOf(page).flatMap(({ place, text }) => {
    const [, command] = /^# (?:.*?: +)?(.*\btd .*)$/.exec(text) ?? [];
    return command === undefined ? [] : [{ place, text: command }];
  });
}

const NAMES = new Set(['help', ...COMMANDS.map(({ name }) => name)]);

/** A line may hold several calls, one after another or as the words of another program. */
function callsOf({ place, text }: Shown, isMention: boolean): Call[] {
  return text.split(/&&|;|\|/).flatMap((part) => {
    const words = splitWords(part);
    const start = words.findIndex((word) => /^([\w./]+\/)?td$/.test(word));
    const rest = words.slice(start + 1);
    const isCall = start === 0 ? rest.length > 0 : start > 0 && NAMES.has(rest[0] ?? '');
    if (!isCall) return [];
    const end = rest.findIndex((word) => /^(>|:::)/.test(word));
    return [{ place, text: part.trim(), words: end < 0 ? rest : rest.slice(0, end), isMention }];
  });
}

/** As a shell does, quotes included; a comment is left out. */
export function splitWords(text: string): string[] {
  const words = text.replace(/(^|\s)#\s.*$/, '').matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g);
  return [...words].map(([word]) => word.replaceAll(/["']/g, ''));
}
