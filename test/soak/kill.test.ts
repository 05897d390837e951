/** @file A process that is killed again and again, at any moment: nothing is lost, and the files end up the same. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { integer } from '../../src/random/streams.ts';
import { startTd } from '../cli/background.ts';
import { listFiles, makeFolder, td } from '../cli/td.ts';
import { isSoak } from './form.ts';

const KILLS = isSoak ? 200 : 3;

/** Runs whose state is of every kind, with a checkpoint about every third step. */
const EXPERIMENT = `
dataset: { name: mnist, trainImages: 2048, testImages: 500 }
model: { name: mlp, widths: [32, 16] }
schedule: { learningRate: 0.001, batchSize: 64, epochs: 4, optimizer: { name: adam } }
sweep: { prune: "0:0.9:0.1" }
variants:
  smallify: { regularizer: { name: smallify, granularity: weight } }
  targeted: { regularizer: { name: targeted, granularity: unit } }
`;
const FLAGS = ['killed.yaml', '--threads', '1', '--results'] as const;
const TRAIN = ['run', '--checkpoint-minutes', '0.0001', ...FLAGS] as const;
const SWEEP = ['sweep', ...FLAGS] as const;

const place = makeFolder({ 'killed.yaml': EXPERIMENT });
afterAll(() => place.remove());

/** Names and bytes of the files that hold no times. */
function resultsOf(results: string): Record<string, string> {
  const folder = join(place.folder, results);
  const kept = listFiles(folder).filter((path) => /\.(csv|safetensors|yaml)$/.test(path));
  return Object.fromEntries(kept.map((path) => [path, readFileSync(join(folder, path), 'latin1')]));
}

/** Milliseconds that a command takes undisturbed. */
async function time(command: readonly string[]): Promise<number> {
  const began = performance.now();
  expect(await td(place.folder, ...command)).toMatchObject({ code: 0 });
  return performance.now() - began;
}

let kills = 0;

/**
 * Runs a command until it ends by itself, and kills it before that.
 *
 * @param duration milliseconds within which it is killed
 */
async function insist(command: readonly string[], duration: number, mayKill: () => boolean): Promise<void> {
  for (;;) {
    const { child, ended } = startTd(place.folder, ...command);
    if (mayKill()) {
      const delay = integer({ seed: 7, purpose: 'kill', index: kills }, Math.ceil(duration));
      await Promise.race([ended, sleep(delay)]);
      if (child.exitCode === null) child.kill('SIGKILL');
    }
    const { code, stderr } = await ended;
    if (code === null) {
      kills++;
      continue;
    }
    expect({ code, stderr: stderr.match(/warning.*|failed.*/g) }).toEqual({ code: 0, stderr: null });
    return;
  }
}

describe('training and sweeping, killed at random', () => {
  const durations = { train: 0, sweep: 0 };
  beforeAll(async () => {
    durations.train = await time([...TRAIN, 'whole']);
    durations.sweep = await time([...SWEEP, 'whole']);
  }, 60_000);

  it(`${KILLS} times, end with the files of undisturbed commands and leave nothing else`, async () => {
    for (let round = 0; kills < KILLS; round++) {
      const results = `round-${round}`;
      const share = isSoak ? KILLS : Math.ceil(KILLS / 2);
      await insist([...TRAIN, results], durations.train, () => kills < share);
      await insist([...SWEEP, results], durations.sweep, () => kills < KILLS);
      expect(resultsOf(results), `round ${round}`).toEqual(resultsOf('whole'));
      const left = listFiles(join(place.folder, results)).filter((path) =>
        /\.(tmp|next|damaged)$|previous|lock/.test(path),
      );
      expect(left, `round ${round}`).toEqual([]);
    }
  });
});
