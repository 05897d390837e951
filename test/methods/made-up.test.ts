/** @file A made-up method that is registered while td runs is known to every command, as those are that come with td. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../src/cli/command-line.ts';
import { methods } from '../../src/methods/registry.ts';
import { readMetrics } from '../../src/runs/metrics.ts';
import { weightNoise } from './weight-noise/settings.ts';

const EXPERIMENT = `
dataset: { trainImages: 640, testImages: 200 }
model: { name: mlp, widths: [8] }
schedule: { epochs: 2, batchSize: 64 }
sweep: { prune: "0,0.5", granularity: weight }
variants:
  none: {}
  quiet: { regularizer: { name: weight-noise } }
  loud: { regularizer: { name: weight-noise, sd: 0.5 } }
`;

/** What a command prints. */
async function td(...words: readonly string[]): Promise<string> {
  let printed = '';
  const write = (text: string | Uint8Array) => {
    printed += text;
    return true;
  };
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation(write as typeof stream.write),
  );
  const code = await runCommandLine(words);
  for (const spy of spies) spy.mockRestore();
  if (code !== 0) throw new Error(`td ${words.join(' ')} ended with ${code}: ${printed}`);
  return printed;
}

describe('a made-up method', () => {
  const folder = mkdtempSync(join(tmpdir(), 'td-made-up-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const [file, results] = [join(folder, 'made-up.yaml'), join(folder, 'results')];
  const here = ['--results', results];
  const onOneThread = [...here, '--engine', 'onnx', '--device', 'cpu', '--threads', '1'];
  let table = '';

  beforeAll(async () => {
    methods.register(weightNoise);
    writeFileSync(file, EXPERIMENT);
    await td('run', file, ...onOneThread);
    table = await td('sweep', file, ...onOneThread);
  });

  const metricsOf = (variant: string) => {
    const [run = ''] = readdirSync(join(results, 'made-up', variant));
    return readMetrics(join(results, 'made-up', variant, run));
  };

  it('is checked, with its defaults, and has a hash of its own', async () => {
    expect(await td('run', file, '--print-config')).toContain('sd: 0.1');
    await expect(td('run', file, '--set', 'variants.loud.regularizer.sd=0', ...here)).rejects.toThrow(
      'regularizer.sd is 0, expected a number above 0',
    );
    const runs = ['none', 'quiet', 'loud'].flatMap((variant) =>
      readdirSync(join(results, 'made-up', variant)),
    );
    expect(new Set(runs).size).toBe(3);
  });

  it('trains as its regularizer says', () => {
    const [none = 0, quiet = 0, loud = 0] = ['none', 'quiet', 'loud'].map(
      (variant) => metricsOf(variant).at(-1)?.trainLoss,
    );
    expect(none).toBeGreaterThan(0);
    expect(quiet).not.toBe(none);
    expect(loud).toBeGreaterThan(quiet);
  });

  it('has its columns in tables, with its number, after those that come with td', async () => {
    expect(table).toMatch(/none +quiet|none +loud/);
    const layout = await td('table', 'made-up', '--granularity', 'weight', ...here);
    expect(layout).toMatch(/none +weight-noise\(0\.1\) +weight-noise\(0\.5\)/);
  });

  it('is drawn and explained', async () => {
    const figure = readFileSync(join(results, 'made-up', 'figure-accuracy-weight.svg'), 'utf8');
    expect(figure).toContain('weight-noise(0.5)');
    const page = join(folder, 'report.html');
    await td('report', 'made-up', '--out', page, ...here);
    expect(readFileSync(page, 'utf8')).toContain(weightNoise.columns['weight-noise']);
  });

  it('is in the help, and in the sentence on a mistyped name', async () => {
    expect(await td('run', '--help')).toContain('weight-noise');
    await expect(td('run', file, '--set', 'variants.loud.regularizer.name=weight-nose')).rejects.toThrow(
      '(did you mean "weight-noise"?)',
    );
  });
});

it('the guide shows the code that is tested here', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../docs/extending.md'), 'utf8');
  for (const part of ['settings', 'regularizer']) {
    const source = readFileSync(join(import.meta.dirname, `weight-noise/${part}.ts`), 'utf8');
    const code = source.slice(source.lastIndexOf("';\n\n") + 4).trimEnd();
    expect(code.split('\n').length).toBeGreaterThan(4);
    expect(guide).toContain(code.replaceAll(/^(?=.)/gm, '    '));
  }
});
