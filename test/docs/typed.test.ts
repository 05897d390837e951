/** @file Lines of the pages, typed one after another by a reader whose experiments are tiny. */
import { chmodSync, cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { execute, makeFolder, TD } from '../cli/td.ts';
import { listLines, ROOT } from './shown-calls.ts';

const tiny = (model: string, seeds: string, variants: string): string => `
dataset: { name: mnist, trainImages: 256, testImages: 100 }
model: { ${model} }
schedule: { epochs: 1 }
seeds: [${seeds}]
variants: { ${variants} }
`;

const L1 = 'l1: { regularizer: { name: l1 } }';
const TARGETED = ['weight', 'unit']
  .map((name) => `targeted-${name}: { regularizer: { name: targeted, granularity: ${name} } }`)
  .join(', ');

/** Experiments by the names of those in the pages, so small that a run takes a fraction of a second. */
const EXPERIMENTS: Readonly<Record<string, string>> = {
  'configs/ci.yaml': tiny('name: mlp, widths: [8]', '0, 1', `none: {}, ${L1}`),
  'configs/mnist-lenet.yaml': tiny(
    'name: lenet, filters: [4, 6], widths: [8]',
    '0',
    `none: {}, ${L1}, ${TARGETED}`,
  ),
  'noise.yaml': tiny('name: mlp, widths: [8]', '0', 'loud: { regularizer: { name: weight-noise } }'),
};

/** In this order, since a line takes up what those before it left. Others take long, need a card or a cluster, or never end. */
const TYPED: readonly (readonly [page: string, lines: RegExp])[] = [
  ['docs/ci.md', /^td /],
  ['README.md', /^td /],
  ['docs/cluster.md', /^td (plan|run) |--dry-run/],
  ['docs/export.md', /^td (export|measure) /],
  ['docs/extending.md', /^td (run|sweep) /],
  ['docs/tensorflow.md', /^td engines +#/],
];

/** What the pages say that these lines write. */
const WRITTEN = [
  'results/baseline/ci.csv',
  ...['sweep.csv', 'table-weight.csv', 'table-unit.csv', 'report.html', 'measure.csv'].map(
    (name) => `results/mnist-lenet/${name}`,
  ),
  ...['svg', 'png'].map((ending) => `results/mnist-lenet/figure-accuracy-unit.${ending}`),
  'results/noise/sweep.csv',
  'plan.json',
];

describe.skipIf(!existsSync('/bin/bash'))('a reader who types the lines of the pages', () => {
  it('ends with exit code 0 each time, and has what they are said to write', async () => {
    const { folder, write, remove } = makeFolder(EXPERIMENTS);
    onTestFinished(remove);
    cpSync(join(ROOT, 'examples/weight-noise.ts'), join(folder, 'weight-noise.ts'));
    write('bin/td', `#!/bin/sh\nexec '${process.execPath}' '${TD}' "$@"\n`);
    chmodSync(join(folder, 'bin/td'), 0o755);
    const variables = { PATH: `${join(folder, 'bin')}:${process.env.PATH}` };
    const typed = new Set<string>();
    for (const [page, lines] of TYPED) {
      const shown = listLines(page).filter(({ text }) => lines.test(text));
      expect(shown, page).not.toEqual([]);
      for (const { place, text } of shown) {
        const command = text.replace(/ +#.*$/, '');
        if (typed.has(command)) continue;
        typed.add(command);
        const { code, stderr } = await execute('bash', ['-c', text], folder, variables);
        expect(code, `${place}: ${text}\n${stderr}`).toBe(0);
      }
    }
    expect(typed.size).toBeGreaterThan(18);
    expect(WRITTEN.filter((path) => !existsSync(join(folder, path)))).toEqual([]);
  });
});
