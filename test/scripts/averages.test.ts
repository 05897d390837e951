/** @file Averages of batch normalisation that are taken anew show what a network's weights can do. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeFolder, td } from '../cli/td.ts';

/** Three epochs move averages of this momentum hardly from where they begin. */
const EXPERIMENT = `
dataset: { name: mnist, trainImages: 2048, testImages: 500 }
model: { name: resnet, filters: [4, 8], units: 1, batchNorm: { momentum: 0.9999 } }
schedule: { learningRate: 0.1, batchSize: 32, epochs: 3 }
sweep: { prune: "0,0.5", granularity: weight }
variants: { none: {} }
`;

const place = makeFolder({ 'averages.yaml': EXPERIMENT });
afterAll(() => place.remove());

it('gain the accuracy that averages of other networks cost', async () => {
  const { folder } = place;
  for (const command of ['run', 'sweep'])
    expect(await td(folder, command, 'averages.yaml', '--threads', '1')).toMatchObject({ code: 0 });
  const runs = join(folder, 'results/averages/none');
  const [run = ''] = readdirSync(runs);
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'scripts/averages.ts', join(runs, run), '--rates', '0,0.5', '--threads', '1'],
    { cwd: join(import.meta.dirname, '../..'), encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  const numbers = [...stdout.matchAll(/weight (\S+): +(\S+) % with its averages, +(\S+) %/g)].map((match) =>
    match.slice(1).map(Number),
  );
  expect(numbers.map(([rate]) => rate)).toEqual([0, 0.5]);
  const rows = readFileSync(join(folder, 'results/averages/sweep.csv'), 'utf8').split('\n').slice(1, 3);
  // experiment, variant, seed, granularity, prune_rate, sparsity, parameters twice, accuracy
  expect(rows.map((row) => (100 * Number(row.split(',')[8])).toFixed(2))).toEqual(
    numbers.map(([, own = Number.NaN]) => own.toFixed(2)),
  );
  const [dense = []] = numbers;
  expect(dense[2]).toBeGreaterThan((dense[1] ?? 100) + 20);
});
