/** @file Every command that a page shows is one that td takes, with files, variants, seeds and scripts that there are. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { expandRuns } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { listShipped } from '../../src/config/shipped.ts';
import { listCalls, listTableFlags, PAGES, ROOT, splitWords } from './shown-calls.ts';
import { type Taken, takeCall } from './take-call.ts';

/** What stands for words in capitals and for what a shell puts in. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  EXPERIMENT: 'configs/ci.yaml',
  FILE: 'configs/ci.yaml',
  RUN: 'ci/none/0',
  A: 'ci/none/0',
  B: 'ci/none/1',
  N: '3',
  NAME: 'demo',
  DIR: 'results',
  DIRECTORY: 'results',
  COMMAND: 'run',
  SHELL: 'bash',
  '{}': '0',
  $JOB_COMPLETION_INDEX: '0',
  // Of an unpacked archive.
  'T/td/app/configs/demo.yaml': 'configs/demo.yaml',
  // In the reader's folder, where docs/extending.md and "td init" put them.
  'weight-noise.ts': join(ROOT, 'examples/weight-noise.ts'),
  'noise.yaml': 'configs/ci.yaml',
  'mnist-lenet.yaml': 'configs/mnist-lenet.yaml',
};

/** What a file is depends on the flag before it. */
const FILES: Readonly<Record<string, string>> = { '--plugin': 'examples/weight-noise.ts' };

/** `[EXPERIMENT…]`: any number of them, here one. */
const fillIn = (words: readonly string[]): string[] =>
  words.flatMap((word, index) => {
    const bare = word.replace(/^\[(.*)\]$/, '$1').replace(/…$/, '');
    const file = bare === 'FILE' ? FILES[words[index - 1] ?? ''] : undefined;
    return bare === '' ? [] : [file ?? PLACEHOLDERS[bare] ?? bare];
  });

/** @throws if an experiment, variant or seed is named that there is not */
function requireNamed({ parameters, options }: Taken): void {
  const shipped = listShipped().map(({ name }) => name);
  for (const parameter of parameters) {
    if (parameter.endsWith('.yaml')) {
      const { only, seeds, set } = options as { only?: string[]; seeds?: number[]; set?: string[] };
      const experiment = loadExperiment(join(ROOT, parameter), set && { set });
      expandRuns(experiment, { only, seeds });
    }
    const [name = '', variant, seed] = parameter.split('/');
    if (!shipped.includes(name) || variant === undefined) continue;
    expandRuns(loadExperiment(join(ROOT, `configs/${name}.yaml`)), {
      only: [variant],
      seeds: [Number(seed)],
    });
  }
}

describe('the commands that pages show', () => {
  it.each(PAGES)('are taken by td, and name what there is: %s', async (page) => {
    const mistakes: string[] = [];
    for (const { place, text, words, isMention } of listCalls(page))
      try {
        const taken = await takeCall(fillIn(words), isMention);
        if (taken !== undefined) requireNamed(taken);
      } catch (error) {
        mistakes.push(`${place}: ${text}: ${error}`);
      }
    expect(mistakes).toEqual([]);
  });

  it('stand on these pages, in lines and in sentences', () => {
    const calls = PAGES.flatMap(listCalls);
    expect(calls.filter(({ isMention }) => !isMention).length).toBeGreaterThan(100);
    expect(calls.filter(({ isMention }) => isMention).length).toBeGreaterThan(100);
  });

  it("have the flags that README's table gives them, which take such values", async () => {
    const program = await createProgram(['completion']);
    const flags = listTableFlags('README.md');
    expect(flags.length).toBeGreaterThan(50);
    for (const { place, text, commands } of flags) {
      const [name = '', value] = splitWords(text);
      const named = program.commands.filter((command) => commands.includes(command.name()));
      const all = named.flatMap((command) => [command, ...command.commands]);
      const options = all.flatMap((command) => command.options.filter(({ long }) => long === name));
      expect(options, `${place}: ${text}`).not.toEqual([]);
      if (value === undefined || /^([A-Z]+|…)$/.test(value)) continue;
      expect(options[0]?.required, `${place}: ${text}`).toBe(true);
      options[0]?.parseArg?.(value, undefined);
    }
  });
});

it('the scripts and files of this project that pages name are there', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
  for (const page of PAGES) {
    const text = readFileSync(join(ROOT, page), 'utf8');
    for (const [, name = ''] of text.matchAll(/npm run (?!--)([\w:-]+)/g))
      expect(Object.keys(scripts), page).toContain(name);
    const paths = text.matchAll(
      /(?<![\w/.-])(scripts|examples|configs|docs|test)\/[\w./-]+\.(ts|sh|mjs|yaml|md)\b/g,
    );
    for (const [path] of paths) expect(existsSync(join(ROOT, path)), `${page}: ${path}`).toBe(true);
  }
});
