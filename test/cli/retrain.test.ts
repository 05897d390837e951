/** @file Fine-tuning and rewinding through the command line: the run that others go on from comes along, tables say what each cost. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../src/cli/command-line.ts';

const EXPERIMENT = `
dataset: { trainImages: 640, testImages: 200 }
model: { name: mlp, widths: [12, 8] }
schedule: { epochs: 4, batchSize: 32, decay: { name: cosine } }
sweep: { prune: "0,0.5,0.8,0.9", granularity: weight }
variants:
  fine-tune:
    regularizer: { name: fine-tune, granularity: weight, pruneRate: 0.8, learningRate: 0.01 }
    schedule: { epochs: 2 }
  idle: { regularizer: { name: fine-tune, granularity: weight } }
  none: {}
  none-long: { schedule: { epochs: 6 } }
  rewind: { regularizer: { name: rewind, granularity: weight, pruneRate: 0.8, what: weights, to: 2 } }
`;

/** What a command prints. */
async function td(...words: readonly string[]): Promise<{ code: number; printed: string }> {
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
  return { code, printed };
}

describe('runs that go on from another', () => {
  const folder = mkdtempSync(join(tmpdir(), 'td-retrain-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const [file, results] = [join(folder, 'small.yaml'), join(folder, 'results')];
  const here = ['--results', results];
  const onOneThread = [...here, '--engine', 'onnx', '--device', 'cpu', '--threads', '1'];
  const directoryOf = (variant: string) => {
    const [run = ''] = readdirSync(join(results, 'small', variant));
    return join(results, 'small', variant, run);
  };
  const accuracyOf = (variant: string, rate: string) => {
    const [head = '', ...rows] = readFileSync(join(results, 'small', 'table-weight.csv'), 'utf8').split('\n');
    const row = rows.find((line) => line.startsWith(`${rate},`)) ?? '';
    return row.split(',')[head.split(',').indexOf(`${variant} mean`)];
  };
  let first = '';

  beforeAll(async () => {
    writeFileSync(file, EXPERIMENT);
    first = (await td('run', file, '--only', 'fine-tune', ...onOneThread)).printed;
    await td('run', file, '--only', 'none-long,rewind', ...onOneThread);
    await td('sweep', file, '--no-figures', ...onOneThread);
  });

  it('bring along the one that they go on from, and say so', () => {
    expect(first).toContain('small: none comes along, since fine-tune goes on from it\n');
    expect(first).toMatch(
      /\[1\/2\] none seed 0: trained in .*\n\[2\/2\] fine-tune seed 0: begins with the network of none seed 0, 80 % of its weights removed\n/,
    );
    expect(readdirSync(join(results, 'small'))).not.toContain('idle');
  });

  it('are swept as they are up to their rate, with the zeros that they began with', () => {
    for (const variant of ['fine-tune', 'rewind']) {
      expect(accuracyOf(variant, '0')).toBe(accuracyOf(variant, '0.8'));
      expect(accuracyOf(variant, '0.5')).toBe(accuracyOf(variant, '0.8'));
    }
    expect(accuracyOf('none', '0')).not.toBe(accuracyOf('none', '0.8'));
    const sweep = readFileSync(join(results, 'small', 'sweep.csv'), 'utf8').split('\n');
    const sparsities = sweep
      .filter((line) => line.includes('rewind'))
      .map((line) => Number(line.split(',')[5]));
    expect(sparsities.slice(0, 3)).toEqual(Array(3).fill(sparsities[2]));
    expect(sparsities[0]).toBeGreaterThan(0.79);
  });

  it('stand in tables with what their training cost', async () => {
    const { printed } = await td('table', 'small', ...here);
    expect(printed).toContain(
      'Trained for, with the run that it goes on from: none: none, 4 epochs; none: none-long, 6 epochs; fine-tune(0.8), 4 + 2 = 6 epochs; weight rewinding(0.8), to epoch 2, 4 + 2 = 6 epochs.',
    );
    const [table] = JSON.parse((await td('table', 'small', '--json', ...here)).printed);
    expect(table.columns[2].training).toEqual({ epochs: 2, parentEpochs: 4, steps: 120 });
  });

  it('warn of a learning rate that has come down to nothing', async () => {
    const { printed } = await td('run', file, '--dry-run', '--no-measure', ...onOneThread);
    expect(printed).toContain(
      'warning: small, idle: the learning rate is 0.000039, where the run that it goes on from began with 0.1',
    );
    expect(printed).toMatch(/small +rewind +0 +done/);
  });

  it('are found by the config.yaml of their own folder, as long as the other is there', async () => {
    const config = join(directoryOf('rewind'), 'config.yaml');
    const again = await td('run', config, ...onOneThread);
    expect(again.printed).toContain('[1/1] rewind seed 0: already trained');
    const elsewhere = await td('run', config, '--results', join(folder, 'other'), '--engine', 'onnx');
    expect(elsewhere).toMatchObject({
      code: 2,
      printed: expect.stringMatching(
        /small\/rewind\/seed-0-\w+ goes on from none seed 0, which is not in .*; run the experiment file that has both\n/,
      ),
    });
  });

  it('are shown from the epoch in which they begin', async () => {
    expect((await td('show', 'small/rewind/0', ...here)).printed).toContain('Test accuracy, epochs 3 to 4');
  });
});
