/** @file Fills a results folder with finished runs: one of each variant is trained, the other seeds are copies under their own names. */
import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TD = join(import.meta.dirname, '../../bin/td');

/** What fills a folder. */
export interface Scale {
  readonly variants: number;
  readonly seeds: number;
}

/** Name of the experiment. */
export const EXPERIMENT = 'wide';

/**
 * Trains and sweeps a run of each variant, and copies them.
 *
 * @param folder in which the experiment file and the folder `results` are made
 */
export function generateResults(folder: string, { variants, seeds }: Scale): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${EXPERIMENT}.yaml`), renderExperiment({ variants, seeds }));
  const train = ['run', `${EXPERIMENT}.yaml`, '--seeds', '0', '--engine', 'onnx', '--threads', '1'];
  call(folder, train);
  call(folder, ['sweep', `${EXPERIMENT}.yaml`, '--no-figures', '--engine', 'onnx', '--threads', '1']);
  const home = join(folder, 'results', EXPERIMENT);
  for (const variant of readdirSync(home).filter((name) => name.startsWith('v'))) {
    const [first = ''] = readdirSync(join(home, variant));
    for (let seed = 1; seed < seeds; seed++) copyRun(join(home, variant), first, seed);
  }
  copyRows(join(home, 'sweep.csv'), seeds);
}

function renderExperiment({ variants, seeds }: Scale): string {
  const names = Array.from({ length: variants }, (_, index) => `v${index}`);
  return [
    `name: ${EXPERIMENT}`,
    'dataset: { name: mnist, trainImages: 256, testImages: 100 }',
    'model: { name: mlp, widths: [4] }',
    'schedule: { epochs: 3, batchSize: 64 }',
    `seeds: [${Array.from({ length: seeds }, (_, seed) => seed).join()}]`,
    'sweep: { prune: "0,0.5,0.9", granularity: unit }',
    'variants:',
    ...names.map((name, index) => `  ${name}: { regularizer: { name: l1, coefficient: ${index + 1}.0e-6 } }`),
  ].join('\n');
}

/** A run's folder under another seed: its files name the seed, the arrays do not. */
function copyRun(variant: string, first: string, seed: number): void {
  const rename = (text: string) => text.replaceAll('seed-0-', `seed-${seed}-`);
  const from = join(variant, first);
  const to = join(variant, rename(first));
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name.endsWith('.safetensors')) {
      linkSync(join(from, name), join(to, name));
      continue;
    }
    const text = rename(readFileSync(join(from, name), 'utf8'))
      .replace(/"seed": 0\b/, `"seed": ${seed}`)
      .replace('seeds:\n  - 0\n', `seeds:\n  - ${seed}\n`);
    writeFileSync(join(to, name), text);
  }
}

function copyRows(path: string, seeds: number): void {
  const [header = '', ...rows] = readFileSync(path, 'utf8').trimEnd().split('\n');
  const copies = rows.flatMap((row) =>
    Array.from({ length: seeds }, (_, seed) =>
      row.replace(/^(\w+,\w+),0,/, `$1,${seed},`).replace('/seed-0-', `/seed-${seed}-`),
    ),
  );
  writeFileSync(path, `${[header, ...copies].join('\n')}\n`);
}

function call(folder: string, words: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [TD, ...words], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`td ${words.join(' ')}: ${stderr}`);
}
